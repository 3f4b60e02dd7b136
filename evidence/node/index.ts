// What command lines share: admission policies as people write them.

export { readAdmissionPolicy, readPolicyText } from './policy-file.js'
export type { MachineKind } from './policy-template.js'
export { MACHINE_KINDS, policyTemplate } from './policy-template.js'
