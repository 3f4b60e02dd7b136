// The public names of the circuits, by concept. A test holds a copy of this list: a change to it is a change of the API.

export type { ArtifactFile, ArtifactSource } from './artifact.js'
export type { Backend, BackendParts, Proof, ProvingOptions, ProvingStage } from './backend.js'
export { createBackend } from './backend.js'
export type { CircuitName, CircuitPin, CircuitTable } from './circuits.js'
export { CIRCUITS, keyHash } from './circuits.js'
export type { Engine, EngineKind, StartEngine } from './engine.js'
export { openHasher } from './hasher.js'
export type { ChunkStore, Fetch, ReferenceSources, ReferenceString } from './srs/reference.js'
export { proverReference, verifierReference } from './srs/reference.js'
export { startWasm } from './wasm.js'
export type { Inputs, InputValue } from './witness.js'
