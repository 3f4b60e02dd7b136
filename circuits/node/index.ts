// The public names of this package under Node, besides those of `@vouch/circuits`.

export { chunkFolder } from './chunk-folder.js'
export type { BackendOptions } from './open-backend.js'
export { openBackend } from './open-backend.js'
export { readArtifact } from './package-files.js'
