// The public names of the registry, by concept. A test holds a copy of this list: a change to it is a change of the API.

export type { Admission, AdmissionParameters, OnAdmissionStep } from './admission.js'
export { ADMISSION_STEPS, admit, admitRead } from './admission.js'
export type { BoundEvidence, EvidenceParameters, JudgedEvidence } from './evidence.js'
export { judgeEvidence } from './evidence.js'
export { expiryOf } from './expiry.js'
export type { Member } from './member.js'
export { parsePolicies, printPolicies } from './policies.js'
export type { Admitted, Banned, Counts, NewMember, Note, Registry, RegistryView } from './store.js'
export type { Mirror, RegistrySource, Synced, SyncParameters, Vanished } from './sync.js'
export { syncRegistry, UNSIGNED } from './sync.js'
