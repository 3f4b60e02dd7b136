// The public names of evidence, by concept: bytes ─parseEvidence→ Evidence ─authenticate→ AuthenticEvidence ─appraise→ Claims.

export type { AppraisalFailure } from './core/checks.js'
export type { ExplainedField } from './core/explain.js'
export type { EvidenceFile } from './core/file.js'
export {
  admissionPolicyFrom,
  admissionPolicyId,
  admitsSimulated,
  appraise,
  authenticate,
  examine,
  explainFile,
  inspect,
  isPublished,
  isSimulatedKind,
  packEvidence,
  parseAdmissionPolicy,
  parseEvidence,
  printAdmissionPolicy,
  publishedFor,
  purportedKind,
  renewed,
  warningsOf,
} from './judge.js'
export { kindsOf } from './read/admission.js'
export type { Appraisal, Expected } from './read/appraise.js'
export { bindsReportData } from './read/appraise.js'
export type { Examination, ParsedEvidence } from './read/authenticate.js'
export type { Authentication, AuthenticEvidence } from './read/evidence.js'
export type { Explained } from './read/explain.js'
export { looksLikePack, packName } from './read/pack.js'
export type { AdmissionPolicy, PolicyFrame } from './tables/policy.js'
export { MAX_TTL, USUAL_TTL } from './tables/policy.js'
export { ANCHORS, admissionPolicyCodec, KINDS, VENDOR_SERVICES } from './tables/tables.js'
export type {
  Anchor,
  Claims,
  CommonClaims,
  CompositeEvidence,
  Evidence,
  KindName,
  Published,
  PublishedForm,
} from './tables/vendors.js'
export type { AzureSnpAnchor, AzureTdxAnchor } from './vendors/azure/anchors.js'
export { AZURE_SNP_ANCHORS, AZURE_TDX_ANCHORS } from './vendors/azure/anchors.js'
export { encodeHcl, parseHcl } from './vendors/azure/hcl.js'
export type { AzureSnpPins, AzureTdxPins } from './vendors/azure/pins.js'
export type {
  AzureEvidence,
  AzureSnpClaims,
  AzureTdxClaims,
  HclReport,
  RuntimeData,
} from './vendors/azure/types.js'
export type { Slot } from './vendors/claims.js'
export type { DcapAnchor } from './vendors/dcap/anchors.js'
export { DCAP_ANCHORS } from './vendors/dcap/anchors.js'
export { parseQeIdentity, parseTcbInfo } from './vendors/dcap/documents.js'
export type { SgxPins, TdxPins } from './vendors/dcap/pins.js'
export { encodeQuote, parseQuote } from './vendors/dcap/quote.js'
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
  TdxFacts,
} from './vendors/dcap/types.js'
export { encodeEventLog, parseEventLog } from './vendors/eventlog/parse.js'
export type { EventLog, LoggedEvent } from './vendors/eventlog/types.js'
export type { NitroAnchor } from './vendors/nitro/anchors.js'
export { NITRO_ANCHORS } from './vendors/nitro/anchors.js'
export { encodeDocument, encodePayload, parseDocument } from './vendors/nitro/document.js'
export type { EnclaveImage, NitroPins } from './vendors/nitro/pins.js'
export type {
  NitroClaims,
  NitroContainer,
  NitroDocument,
  NitroEvidence,
  SignedDocument,
} from './vendors/nitro/types.js'
export type { NvidiaAnchor } from './vendors/nvidia/anchors.js'
export { NVIDIA_ANCHORS } from './vendors/nvidia/anchors.js'
export type { ExpectedGpus } from './vendors/nvidia/appraise.js'
export { gpuDigestOf } from './vendors/nvidia/canonical.js'
export type { GpuPins } from './vendors/nvidia/pins.js'
export { encodeSpdm, parseSpdm } from './vendors/nvidia/spdm.js'
export type {
  Device,
  NvidiaClaims,
  NvidiaEvidence,
  OpaqueField,
  SpdmMessage,
} from './vendors/nvidia/types.js'
export type { SnpAnchor } from './vendors/snp/anchors.js'
export { SNP_ANCHORS } from './vendors/snp/anchors.js'
export { encodeTcb, tcbText } from './vendors/snp/generation.js'
export type { SnpPins } from './vendors/snp/pins.js'
export { encodeReport, parseReport } from './vendors/snp/report.js'
export type {
  EndorsementKey,
  Generation,
  SnpClaims,
  SnpEvidence,
  SnpFacts,
  SnpReport,
  Tcb,
} from './vendors/snp/types.js'
export type { TpmAnchor } from './vendors/tpm/anchors.js'
export { TPM_ANCHORS } from './vendors/tpm/anchors.js'
export { encodeAttest, parseAttest } from './vendors/tpm/attest.js'
export { printPcrs } from './vendors/tpm/pcrs.js'
export type { QuotePins, TpmPins } from './vendors/tpm/pins.js'
export { NOT_CONFIDENTIAL } from './vendors/tpm/pins.js'
export type {
  Attest,
  PcrBank,
  QuoteClaims,
  TpmClaims,
  TpmEvidence,
  TpmSignature,
} from './vendors/tpm/types.js'
export type { Certificate } from './x509/certificate.js'
export { parseCertificate } from './x509/certificate.js'
export type { Collateral } from './x509/chain.js'
export type { RevocationList } from './x509/revocation.js'
