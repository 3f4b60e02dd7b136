// Makers of evidence that is worth nothing, vendor by vendor: for tests, demonstrations and simulated agents. A judge has no use for
// them, so they are an entry of their own: `@vouch/evidence/simulated`.

export type {
  SimulatedAzure,
  SimulatedAzureReport,
  SimulatedAzureTdReport,
  SimulatedAzureTdx,
} from './vendors/azure/simulated.js'
export { simulatedAzure, simulatedAzureTdx } from './vendors/azure/simulated.js'
export type {
  SimulatedDcapCollateral,
  SimulatedDcapQuote,
  SimulatedIntel,
  SimulatedIntelKeys,
  SimulatedIntelPlatform,
} from './vendors/dcap/simulated.js'
export { simulatedEnclaveReport, simulatedIntel, simulatedTdReport } from './vendors/dcap/simulated.js'
export type { SimulatedEnclave, SimulatedNitro, SimulatedNitroKeys } from './vendors/nitro/simulated.js'
export { simulatedNitro } from './vendors/nitro/simulated.js'
export type { SimulatedGpu, SimulatedNvidia, SimulatedNvidiaKeys } from './vendors/nvidia/simulated.js'
export { simulatedNvidia } from './vendors/nvidia/simulated.js'
export type {
  SimulatedKeys,
  SimulatedMachine,
  SimulatedReport,
  SimulatedVendor,
} from './vendors/snp/simulated.js'
export { simulatedVendor } from './vendors/snp/simulated.js'
export type {
  SimulatedAuthority,
  SimulatedAuthorityKeys,
  SimulatedQuote,
  SimulatedTpm,
} from './vendors/tpm/simulated.js'
export { newSimulatedTpm, simulatedAuthority } from './vendors/tpm/simulated.js'
