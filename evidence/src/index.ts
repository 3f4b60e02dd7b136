// The public names of evidence, by concept: bytes ─parseEvidence→ Evidence ─authenticate→ AuthenticEvidence ─appraise→ Claims.

export type {
  Anchor,
  AzureSnpAnchor,
  AzureTdxAnchor,
  DcapAnchor,
  NitroAnchor,
  NvidiaAnchor,
  SnpAnchor,
  TpmAnchor,
} from './core/anchors.js'
export {
  ANCHORS,
  AZURE_SNP_ANCHORS,
  AZURE_TDX_ANCHORS,
  DCAP_ANCHORS,
  NITRO_ANCHORS,
  NVIDIA_ANCHORS,
  SNP_ANCHORS,
  TPM_ANCHORS,
} from './core/anchors.js'
export type { AppraisalFailure, Check } from './core/checks.js'
export type { ExplainedField } from './core/explain.js'
export type { KindName } from './core/kind-name.js'
export type { PolicyFrame } from './core/policy/frame.js'
export {
  admissionPolicyFrom,
  admissionPolicyId,
  admitsSimulated,
  kindsOf,
  parseAdmissionPolicy,
  printAdmissionPolicy,
  warningsOf,
} from './read/admission.js'
export type { Appraisal, Expected } from './read/appraise.js'
export { appraise, bindsReportData, inspect } from './read/appraise.js'
export type { Examination, ParsedEvidence } from './read/authenticate.js'
export { authenticate, examine, parseEvidence } from './read/authenticate.js'
export { packEvidence } from './read/containers.js'
export type { Explained } from './read/explain.js'
export { explainFile } from './read/explain.js'
export { looksLikePack, packName } from './read/pack.js'
export { purportedKind } from './read/purported.js'
export { renewed } from './read/renew.js'
export type { CompositeEvidence } from './tables/composite.js'
export type { Authentication, AuthenticEvidence, Claims, Evidence, EvidenceFile } from './tables/evidence.js'
export { isSimulatedKind, KINDS } from './tables/kinds.js'
export type { AdmissionPolicy } from './tables/policy.js'
export { admissionPolicyCodec, MAX_TTL, USUAL_TTL } from './tables/policy.js'
export type { Published, PublishedForm } from './tables/published.js'
export { isPublished, publishedFor } from './tables/published.js'
export { VENDOR_SERVICES } from './tables/vendor-services.js'
export { encodeHcl, parseHcl } from './vendors/azure/hcl.js'
export type { AzureSnpPins, AzureTdxPins } from './vendors/azure/pins.js'
export type {
  SimulatedAzure,
  SimulatedAzureReport,
  SimulatedAzureTdReport,
  SimulatedAzureTdx,
} from './vendors/azure/simulated.js'
export { simulatedAzure, simulatedAzureTdx } from './vendors/azure/simulated.js'
export type {
  AzureEvidence,
  AzureSnpClaims,
  AzureTdxClaims,
  HclReport,
  RuntimeData,
} from './vendors/azure/types.js'
export type { CommonClaims, Slot } from './vendors/claims.js'
export { parseQeIdentity, parseTcbInfo } from './vendors/dcap/documents.js'
export type { SgxPins, TdxPins } from './vendors/dcap/pins.js'
export { encodeQuote, parseQuote } from './vendors/dcap/quote.js'
export type {
  SimulatedDcapCollateral,
  SimulatedDcapQuote,
  SimulatedIntel,
  SimulatedIntelKeys,
  SimulatedIntelPlatform,
} from './vendors/dcap/simulated.js'
export { simulatedEnclaveReport, simulatedIntel, simulatedTdReport } from './vendors/dcap/simulated.js'
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
export { encodeDocument, encodePayload, parseDocument } from './vendors/nitro/document.js'
export type { EnclaveImage, NitroPins } from './vendors/nitro/pins.js'
export type { SimulatedEnclave, SimulatedNitro, SimulatedNitroKeys } from './vendors/nitro/simulated.js'
export { simulatedNitro } from './vendors/nitro/simulated.js'
export type {
  NitroClaims,
  NitroContainer,
  NitroDocument,
  NitroEvidence,
  SignedDocument,
} from './vendors/nitro/types.js'
export type { ExpectedGpus } from './vendors/nvidia/appraise.js'
export { gpuDigestOf } from './vendors/nvidia/canonical.js'
export type { GpuPins } from './vendors/nvidia/pins.js'
export type { SimulatedGpu, SimulatedNvidia, SimulatedNvidiaKeys } from './vendors/nvidia/simulated.js'
export { simulatedNvidia } from './vendors/nvidia/simulated.js'
export { encodeSpdm, parseSpdm } from './vendors/nvidia/spdm.js'
export type {
  Device,
  NvidiaClaims,
  NvidiaEvidence,
  OpaqueField,
  SpdmMessage,
} from './vendors/nvidia/types.js'
export { encodeTcb, tcbText } from './vendors/snp/generation.js'
export type { SnpPins } from './vendors/snp/pins.js'
export { encodeReport, parseReport } from './vendors/snp/report.js'
export type {
  SimulatedKeys,
  SimulatedMachine,
  SimulatedReport,
  SimulatedVendor,
} from './vendors/snp/simulated.js'
export { simulatedVendor } from './vendors/snp/simulated.js'
export type {
  Endorsement,
  Generation,
  SnpClaims,
  SnpEvidence,
  SnpFacts,
  SnpReport,
  Tcb,
} from './vendors/snp/types.js'
export { encodeAttest, parseAttest } from './vendors/tpm/attest.js'
export { printPcrs } from './vendors/tpm/pcrs.js'
export type { QuotePins, TpmPins } from './vendors/tpm/pins.js'
export { NOT_CONFIDENTIAL } from './vendors/tpm/pins.js'
export type {
  SimulatedAuthority,
  SimulatedAuthorityKeys,
  SimulatedQuote,
  SimulatedTpm,
} from './vendors/tpm/simulated.js'
export { newSimulatedTpm, simulatedAuthority } from './vendors/tpm/simulated.js'
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
