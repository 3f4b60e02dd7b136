// The store's public names.

export { moveRegistry } from './move.js'
export type { NewRegistry, OpenOptions, ReadOptions, Store } from './open-registry.js'
export { createRegistry, openRegistry, readRegistry, refuseRegistry, storeOf } from './open-registry.js'
export type { Publisher } from './publisher.js'
export { type ClockTrust, MAX_AHEAD } from './signing-clock.js'
export type { Transferred } from './transfer.js'
