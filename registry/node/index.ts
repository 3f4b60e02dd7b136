// The public names of this package under Node, besides those of `@vouch/registry`.

export { DEFAULT_LIMITS, siteOf } from './http/site.js'
export type { Registrar, RegistrarOptions } from './open-registrar.js'
export { openRegistrar } from './open-registrar.js'
export { openMirror, openSource } from './public-folder.js'
export type { DataFile, NewRegistry, OpenFile, OpenOptions } from './store/index.js'
export { createRegistry, openFile, openRegistry } from './store/index.js'
