// The public names of evidence, by concept: bytes ─parseEvidence→ Evidence ─authenticate→ AuthenticEvidence ─appraise→ Claims.

export type { Anchor, DcapAnchor, SnpAnchor } from './anchors.js'
export { ANCHORS, DCAP_ANCHORS, SNP_ANCHORS } from './anchors.js'
export type { Appraisal } from './appraise.js'
export { appraise, bindsReportData, inspect } from './appraise.js'
export type { ParsedEvidence } from './authenticate.js'
export { authenticate, parseEvidence } from './authenticate.js'
export type { AppraisalFailure, Check } from './checks.js'
export type { CommonClaims, Slot } from './claims.js'
export { parseQeIdentity, parseTcbInfo } from './dcap/documents.js'
export type { SgxPins, TdxPins } from './dcap/pins.js'
export { encodeQuote, parseQuote } from './dcap/quote.js'
export type {
  DcapClaims,
  DcapEvidence,
  EnclaveReport,
  Quote,
  SgxClaims,
  TcbStanding,
  TcbStatus,
  TdReport,
  TdxClaims,
} from './dcap/types.js'
export type { EventLog } from './eventlog/parse.js'
export { encodeEventLog, parseEventLog } from './eventlog/parse.js'
export type { LoggedEvent } from './eventlog/types.js'
export type { Authentication, AuthenticEvidence, Claims, Evidence, EvidenceFile } from './evidence.js'
export type { KindName } from './kinds.js'
export { isKindName, isSimulatedKind, KINDS, kindOf } from './kinds.js'
export {
  admissionPolicyFrom,
  admissionPolicyId,
  admitsSimulated,
  kindsOf,
  parseAdmissionPolicy,
  printAdmissionPolicy,
} from './policy/admission.js'
export type { PolicyFrame } from './policy/frame.js'
export type { AdmissionPolicy } from './policy/schema.js'
export { admissionPolicyCodec, MAX_TTL, USUAL_TTL } from './policy/schema.js'
export type {
  SimulatedDcapCollateral,
  SimulatedDcapQuote,
  SimulatedIntel,
  SimulatedIntelKeys,
  SimulatedIntelPlatform,
} from './simulated/intel.js'
export { simulatedEnclaveReport, simulatedIntel, simulatedTdReport } from './simulated/intel.js'
export type { SimulatedKeys, SimulatedMachine, SimulatedReport, SimulatedVendor } from './simulated/vendor.js'
export { simulatedVendor } from './simulated/vendor.js'
export { encodeTcb, tcbText } from './snp/generation.js'
export type { SnpPins } from './snp/pins.js'
export { encodeReport, parseReport } from './snp/report.js'
export type { Endorsement, Generation, SnpClaims, SnpEvidence, SnpReport, Tcb } from './snp/types.js'
export type { Certificate } from './x509/certificate.js'
export { parseCertificate } from './x509/certificate.js'
export type { Collateral } from './x509/chain.js'
export type { RevocationList } from './x509/revocation.js'
