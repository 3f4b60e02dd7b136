// The public names of evidence, by concept: bytes ─parseEvidence→ Evidence ─authenticate→ AuthenticEvidence ─appraise→ Claims.

export type { Anchor, NitroAnchor, NvidiaAnchor, SnpAnchor } from './anchors.js'
export { ANCHORS, NITRO_ANCHORS, NVIDIA_ANCHORS, SNP_ANCHORS } from './anchors.js'
export type { Appraisal, Expected } from './appraise.js'
export { appraise, bindsReportData, inspect } from './appraise.js'
export type { ParsedEvidence } from './authenticate.js'
export { authenticate, parseEvidence } from './authenticate.js'
export type { AppraisalFailure, Check } from './checks.js'
export type { CommonClaims, Slot } from './claims.js'
export type { CompositeEvidence } from './composite/types.js'
export type { Authentication, AuthenticEvidence, Claims, Evidence, EvidenceFile } from './evidence.js'
export type { KindName } from './kinds.js'
export { isSimulatedKind, KINDS } from './kinds.js'
export { encodeDocument, encodePayload, parseDocument } from './nitro/document.js'
export type { EnclaveImage, NitroPins } from './nitro/pins.js'
export type { NitroClaims, NitroDocument, NitroEvidence, SignedDocument } from './nitro/types.js'
export type { ExpectedGpus } from './nvidia/appraise.js'
export { gpuDigestOf } from './nvidia/canonical.js'
export type { GpuPins } from './nvidia/pins.js'
export { encodeSpdm, parseSpdm } from './nvidia/spdm.js'
export type { Device, NvidiaClaims, NvidiaEvidence, OpaqueField, SpdmMessage } from './nvidia/types.js'
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
export type { SimulatedEnclave, SimulatedNitro, SimulatedNitroKeys } from './simulated/nitro.js'
export { simulatedNitro } from './simulated/nitro.js'
export type { SimulatedGpu, SimulatedNvidia, SimulatedNvidiaKeys } from './simulated/nvidia.js'
export { simulatedNvidia } from './simulated/nvidia.js'
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
