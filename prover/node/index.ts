// The public names of this package under Node, besides those of `@vouch/prover`.

export type { Home } from './home.js'
export { homeFolder, openHome } from './home.js'
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
export type { SyncedCopy, SyncOptions, WaitOptions } from './syncing.js'
export { exchangeLine } from './tcp.js'
