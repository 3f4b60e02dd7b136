// The public names of this package under Node, besides those of `@vouch/circuits`.

export type { BackendOptions } from './open-backend.js'
export { openBackend, readReference } from './open-backend.js'
export type { Manifest, ManifestEntry } from './package-files.js'
export { readArtifact, readManifest } from './package-files.js'
export { solidityVerifier } from './solidity.js'
