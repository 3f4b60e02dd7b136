// What command lines share: admission policies as people write them, and what vendors publish of a machine.

export type { MachineKind } from '../src/tables/policy-template.js'
export { MACHINE_KINDS, policyTemplate } from '../src/tables/policy-template.js'
export type { VendorNetwork, VendorPatience } from './fetch/answers.js'
export { PATIENCE } from './fetch/answers.js'
export type { Fetched, Sources } from './fetch/complete.js'
export { fetchPublished } from './fetch/complete.js'
export { readAdmissionPolicy, readPolicyText } from './policy-file.js'
