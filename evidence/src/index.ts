// The public names of evidence, by concept: bytes ─parseEvidence→ Evidence ─authenticate→ AuthenticEvidence ─appraise→ Claims.

export type { Anchor } from './anchors.js'
export { ANCHORS } from './anchors.js'
export type { Appraisal } from './appraise.js'
export { appraise, inspect } from './appraise.js'
export type { ParsedEvidence } from './authenticate.js'
export { authenticate, parseEvidence } from './authenticate.js'
export type { AppraisalFailure, Check } from './checks.js'
export type { Authentication, AuthenticEvidence, Claims, Evidence, EvidenceFile } from './evidence.js'
export type { KindName } from './kinds.js'
export { isSimulatedKind, KINDS } from './kinds.js'
export {
  admissionPolicyFrom,
  admissionPolicyId,
  admitsSimulated,
  kindsOf,
  parseAdmissionPolicy,
  printAdmissionPolicy,
} from './policy/admission.js'
export type { AdmissionPolicy, SnpPins } from './policy/schema.js'
export { admissionPolicyCodec, MAX_TTL, USUAL_TTL } from './policy/schema.js'
export type { SimulatedKeys, SimulatedMachine, SimulatedReport, SimulatedVendor } from './simulated/vendor.js'
export { simulatedVendor } from './simulated/vendor.js'
export { encodeTcb, tcbText } from './snp/generation.js'
export { encodeReport, parseReport } from './snp/report.js'
export type { Endorsement, Generation, SnpClaims, SnpEvidence, SnpReport, Tcb } from './snp/types.js'
export type { Certificate } from './x509/certificate.js'
export { parseCertificate } from './x509/certificate.js'
export type { RevocationList } from './x509/revocation.js'
