// The public names of the prover. A test holds a copy of this list.

export type { EnrollmentProof, EnrollParameters } from './enroll.js'
export { proveEnrollment } from './enroll.js'
export type { ProveParameters } from './respond.js'
export { proveResponse } from './respond.js'
export type { Holding, SignedEnvelope, Witness, WitnessValue } from './witness.js'
export { enrollWitness, respondWitness } from './witness.js'
