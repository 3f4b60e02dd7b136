// The public names of this package under Node, besides those of `@vouch/registry`.

export type { AdminOptions } from './admin/admin-server.js'
export { ADMIN_OPTIONS, serveAdmin } from './admin/admin-server.js'
export { handOver, takeOrders } from './control.js'
export { importFormer } from './former/import.js'
export type { Admitter } from './http/admitting.js'
export { ADMITTING_PATHS, ADMITTING_SCHEMAS, admittingRoutes } from './http/admitting.js'
export { PEER_LIMITS, REGISTRAR_LIMITS, siteOf } from './http/site.js'
export type { Registrar, RegistrarOptions } from './open-registrar.js'
export { openRegistrar } from './open-registrar.js'
export type { Order, Outcome } from './orders.js'
export { openMirror, openSource } from './public-folder.js'
export { PublishedRegistry } from './published.js'
export { type PublicPart, publishTo } from './publishing.js'
export { AuditLog } from './serving/audit-log.js'
export { OLDEST_HEAD } from './serving/head-clock.js'
export type { NewRegistrar } from './serving/make-registrar.js'
export { makeRegistrar } from './serving/make-registrar.js'
export type { ClockOptions, SigningOptions } from './serving/options.js'
export { auditWarning, clockTrust, keyFile } from './serving/options.js'
export { readiness } from './serving/readiness.js'
export { readCollateral, readPolicies, registrarFolder } from './serving/registrar-folder.js'
export { REGISTRAR_METRICS, stepTimer } from './serving/registrar-metrics.js'
export { serveUntilEnded } from './serving/serving.js'
export type { ClockTrust, NewRegistry, OpenOptions, ReadOptions, Store } from './store/index.js'
export {
  createRegistry,
  MAX_AHEAD,
  moveRegistry,
  openRegistry,
  readRegistry,
  refuseRegistry,
  storeOf,
  type Transferred,
} from './store/index.js'
