// The public names of the prover. A test holds a copy of this list.

export { askGuest, checkAttestation } from './agent.js'
export type { Answered, Answering, Asking, ProveStage } from './answering.js'
export { prove, vouchedFetch } from './answering.js'
export type { Agreement, Asked, Caution } from './caution.js'
export { USUAL_CAUTION } from './caution.js'
export type { CopyParameters } from './copy.js'
export { syncCopy } from './copy.js'
export type { EnrollmentProof, EnrollParameters } from './enroll.js'
export { proveEnrollment } from './enroll.js'
export type {
  Attested,
  BeginParameters,
  Begun,
  Enrolling,
  EnrollParametersByNet,
  EnrollStage,
} from './enrolling.js'
export { attest, beginEnrollment, enroll, finishEnrollment } from './enrolling.js'

export type { Ledger } from './ledger.js'
export { memoryLedger } from './ledger.js'
export type { LineExchange, Network } from './net.js'
export { askPolicies } from './registrar.js'
export type { ProveParameters } from './respond.js'
export { proveResponse } from './respond.js'
export type { Copy } from './standing.js'
export { credentialOf, findCredential, openCopy } from './standing.js'
export { answerOnWire, REFUSAL } from './wire.js'
export type { Holding, Leaves, SignedEnvelope, Witness } from './witness.js'
export { enrollWitness, respondWitness } from './witness.js'
