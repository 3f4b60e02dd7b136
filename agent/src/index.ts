// The public names of the agent: what it is configured to do, the guest as it shows it, and where evidence comes from.

export type { Configuration } from './configuration.js'
export { configurationCodec } from './configuration.js'
export type { ExpectedService, GuestParameters, GuestView, ServiceProof } from './guest.js'
export { guestView } from './guest.js'
export type { AgentPlan, ClosurePlan, ServicePlan } from './plan.js'
export { planFrom } from './plan.js'
export type {
  GpuEvidence,
  Provider,
  ProviderName,
  ProviderSettings,
  TsmFileSystem,
} from './providers/index.js'
export { configfsTsm, PROVIDER_NAMES } from './providers/index.js'
export type { AnnouncedKey } from './roll.js'
export { Roll } from './roll.js'
