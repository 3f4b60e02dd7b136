export type { Client, Lies } from './enrolling.js'
export {
  newChip,
  newClient,
  newRegistry,
  osImageHash,
  THREE_REFUSALS,
  THRICE_REFUSED,
  testPolicy,
} from './enrolling.js'
export type { Attest } from './hardware.js'
export {
  askGpu,
  newAzure,
  newAzureTdx,
  newEnclave,
  newPpid,
  newSnp,
  newTpm,
  POLICIES,
  quoting,
} from './hardware.js'
export { ID, member, NOW } from './members.js'
export { newFolder, scratch, using } from './registries.js'
