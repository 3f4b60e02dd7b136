// The reference signing service, as a library: whoever brings a `respond` of their own has a service.

export type { Limits } from './limits.js'
export { DEFAULT_LIMITS } from './limits.js'
export type { Place, RunningService, ServiceOptions } from './service.js'
export { startService } from './service.js'
export type { Respond } from './sign.js'
