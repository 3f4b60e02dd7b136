// The public names of this package under Node, besides those of `@vouch/registry`.

export type { Limits, RunningServer } from '@vouch/protocol/node/http'
export { DEFAULT_LIMITS, startServer } from './http/server.js'
export type { Registrar, RegistrarOptions } from './open-registrar.js'
export { openRegistrar } from './open-registrar.js'
export { openMirror, openSource } from './public-folder.js'
export type { DataFile, NewRegistry, OpenFile, OpenOptions } from './store/index.js'
export { createRegistry, openFile, openRegistry } from './store/index.js'
