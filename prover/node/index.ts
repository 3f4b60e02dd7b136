// The public names of this package under Node, besides those of `@vouch/prover`.

export type { OnChain } from './chain-source.js'
export { requestOfContract } from './chain-source.js'
export { chunkFolder } from './chunk-folder.js'
export type { Home } from './home.js'
export { homeFolder, openHome, usualName } from './home.js'
export type {
  Alice,
  AliceOptions,
  EnrollOptions,
  FetchOptions,
  ProveOptions,
  ReadyOptions,
} from './open-alice.js'
export { openAlice } from './open-alice.js'
export type { SyncTold } from './sync-clock.js'
export { heldRegistries, isFailed, keepSyncing, syncAndClaim } from './sync-clock.js'
export type { SyncedCopy, SyncOptions, WaitOptions } from './syncing.js'
export { mirrorReading, startedAt } from './syncing.js'
export { exchangeLine } from './tcp.js'
