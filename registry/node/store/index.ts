// The store's public names.

export type { DataFile, OpenFile } from './disk.js'
export { openFile } from './disk.js'
export type { NewRegistry, OpenOptions } from './open-registry.js'
export { createRegistry, openRegistry, refuseRegistry } from './open-registry.js'
export type { ReadOptions } from './read-registry.js'
export { readRegistry } from './read-registry.js'
export { type ClockTrust, MAX_AHEAD } from './signing-clock.js'
