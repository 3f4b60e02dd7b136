// The reference signing service, as a library: whoever brings a `respond` of their own has a service.

export type { ServiceLimits } from './limits.js'
export { SERVICE_LIMITS } from './limits.js'
export type { RunningService, ServiceOptions, ServicePlace } from './service.js'
export { startService } from './service.js'
export { SERVICE_METRICS } from './service-metrics.js'
export type { Respond } from './sign.js'
