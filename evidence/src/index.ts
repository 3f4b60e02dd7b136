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
} from './anchors.js'
export {
  ANCHORS,
  AZURE_SNP_ANCHORS,
  AZURE_TDX_ANCHORS,
  DCAP_ANCHORS,
  NITRO_ANCHORS,
  NVIDIA_ANCHORS,
  SNP_ANCHORS,
  TPM_ANCHORS,
} from './anchors.js'
export type { Appraisal, Expected } from './appraise.js'
export { appraise, bindsReportData, inspect } from './appraise.js'
export type { Examination, ParsedEvidence } from './authenticate.js'
export { authenticate, examine, parseEvidence } from './authenticate.js'
export { encodeHcl, parseHcl } from './azure/hcl.js'
export type { AzureSnpPins, AzureTdxPins } from './azure/pins.js'
export type {
  AzureEvidence,
  AzureSnpClaims,
  AzureTdxClaims,
  HclReport,
  RuntimeData,
} from './azure/types.js'
export type { AppraisalFailure, Check } from './checks.js'
export type { CommonClaims, Slot } from './claims.js'
export type { CompositeEvidence } from './composite/types.js'
export { packEvidence } from './containers.js'
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
  TdxFacts,
} from './dcap/types.js'
export { encodeEventLog, parseEventLog } from './eventlog/parse.js'
export type { EventLog, LoggedEvent } from './eventlog/types.js'
export type { Authentication, AuthenticEvidence, Claims, Evidence, EvidenceFile } from './evidence.js'
export type { Explained } from './explain/explain.js'
export { explainFile } from './explain/explain.js'
export type { ExplainedField } from './explain/walk.js'
export type { KindName } from './kind-name.js'
export { isSimulatedKind, KINDS } from './kinds.js'
export { encodeDocument, encodePayload, parseDocument } from './nitro/document.js'
export type { EnclaveImage, NitroPins } from './nitro/pins.js'
export type {
  NitroClaims,
  NitroContainer,
  NitroDocument,
  NitroEvidence,
  SignedDocument,
} from './nitro/types.js'
export type { ExpectedGpus } from './nvidia/appraise.js'
export { gpuDigestOf } from './nvidia/canonical.js'
export type { GpuPins } from './nvidia/pins.js'
export { encodeSpdm, parseSpdm } from './nvidia/spdm.js'
export type { Device, NvidiaClaims, NvidiaEvidence, OpaqueField, SpdmMessage } from './nvidia/types.js'
export { looksLikePack, packName } from './pack.js'
export {
  admissionPolicyFrom,
  admissionPolicyId,
  admitsSimulated,
  kindsOf,
  parseAdmissionPolicy,
  printAdmissionPolicy,
  warningsOf,
} from './policy/admission.js'
export type { PolicyFrame } from './policy/frame.js'
export type { AdmissionPolicy } from './policy/schema.js'
export { admissionPolicyCodec, MAX_TTL, USUAL_TTL } from './policy/schema.js'
export type { Published, PublishedForm } from './published.js'
export { isPublished, publishedFor } from './published.js'
export { purportedKind } from './purported.js'
export { renewed } from './renew.js'
export type {
  SimulatedAzure,
  SimulatedAzureReport,
  SimulatedAzureTdReport,
  SimulatedAzureTdx,
} from './simulated/azure.js'
export { simulatedAzure, simulatedAzureTdx } from './simulated/azure.js'
export type {
  SimulatedDcapCollateral,
  SimulatedDcapQuote,
  SimulatedIntel,
  SimulatedIntelKeys,
  SimulatedIntelPlatform,
} from './simulated/intel.js'
export { simulatedEnclaveReport, simulatedIntel, simulatedTdReport } from './simulated/intel.js'
export type { SimulatedEnclave, SimulatedNitro, SimulatedNitroKeys } from './simulated/nitro.js'
export { simulatedNitro } from './simulated/nitro.js'
export type { SimulatedGpu, SimulatedNvidia, SimulatedNvidiaKeys } from './simulated/nvidia.js'
export { simulatedNvidia } from './simulated/nvidia.js'
export type {
  SimulatedAuthority,
  SimulatedAuthorityKeys,
  SimulatedQuote,
  SimulatedTpm,
} from './simulated/tpm.js'
export { newSimulatedTpm, simulatedAuthority } from './simulated/tpm.js'
export type { SimulatedKeys, SimulatedMachine, SimulatedReport, SimulatedVendor } from './simulated/vendor.js'
export { simulatedVendor } from './simulated/vendor.js'
export { encodeTcb, tcbText } from './snp/generation.js'
export type { SnpPins } from './snp/pins.js'
export { encodeReport, parseReport } from './snp/report.js'
export type {
  Endorsement,
  Generation,
  SnpClaims,
  SnpEvidence,
  SnpFacts,
  SnpReport,
  Tcb,
} from './snp/types.js'
export { encodeAttest, parseAttest } from './tpm/attest.js'
export { printPcrs } from './tpm/pcrs.js'
export type { QuotePins, TpmPins } from './tpm/pins.js'
export { NOT_CONFIDENTIAL } from './tpm/pins.js'
export type { Attest, PcrBank, QuoteClaims, TpmClaims, TpmEvidence, TpmSignature } from './tpm/types.js'
export { VENDOR_SERVICES } from './vendor-services.js'
export type { Certificate } from './x509/certificate.js'
export { parseCertificate } from './x509/certificate.js'
export type { Collateral } from './x509/chain.js'
export type { RevocationList } from './x509/revocation.js'
