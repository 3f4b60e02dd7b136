// Where evidence comes from, one file for each provider.

export type { TsmFileSystem, TsmKernel } from './configfs-tsm.js'
export { configfsTsm } from './configfs-tsm.js'
export type { GpuEvidence, Provider } from './provider.js'
export type { ProviderName, ProviderSettings } from './settings.js'
export { PROVIDER_NAMES } from './settings.js'
