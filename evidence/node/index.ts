// What command lines share: admission policies as people write them.

export { readAdmissionPolicy, readPolicyText } from './policy-file.js'
export { policyTemplate } from './policy-template.js'
