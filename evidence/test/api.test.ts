import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as api from '../src/index.js'

/** Every value that others may import. Whoever changes this list changes the API. */
const VALUES = `
admissionPolicyCodec admissionPolicyFrom admissionPolicyId admitsSimulated ANCHORS appraise authenticate AZURE_SNP_ANCHORS
AZURE_TDX_ANCHORS bindsReportData DCAP_ANCHORS encodeAttest encodeDocument encodeEventLog encodeHcl encodePayload encodeQuote
encodeReport encodeSpdm encodeTcb examine explainFile gpuDigestOf inspect isPublished isSimulatedKind KINDS kindsOf
looksLikePack MAX_TTL newSimulatedTpm NITRO_ANCHORS NOT_CONFIDENTIAL NVIDIA_ANCHORS packEvidence packName parseAdmissionPolicy
parseAttest parseCertificate parseDocument parseEventLog parseEvidence parseHcl parseQeIdentity parseQuote parseReport
parseSpdm parseTcbInfo printAdmissionPolicy printPcrs publishedFor purportedKind renewed simulatedAuthority simulatedAzure
simulatedAzureTdx simulatedEnclaveReport simulatedIntel simulatedNitro simulatedNvidia simulatedTdReport simulatedVendor
SNP_ANCHORS tcbText TPM_ANCHORS USUAL_TTL VENDOR_SERVICES warningsOf
`

const TYPES = `
AdmissionPolicy Anchor Appraisal AppraisalFailure Attest Authentication AuthenticEvidence AzureEvidence AzureSnpAnchor
AzureSnpClaims AzureSnpPins AzureTdxAnchor AzureTdxClaims AzureTdxPins Certificate Check Claims Collateral CommonClaims
CompositeEvidence DcapAnchor DcapClaims DcapEvidence Device EnclaveImage EnclaveReport Endorsement EventLog Evidence
EvidenceFile Examination Expected ExpectedGpus Explained ExplainedField Generation GpuPins HclReport KindName LoggedEvent
NitroAnchor NitroClaims NitroContainer NitroDocument NitroEvidence NitroPins NvidiaAnchor NvidiaClaims NvidiaEvidence OpaqueField
ParsedEvidence PcrBank PolicyFrame Published PublishedForm Quote QuoteClaims QuotePins RevocationList RuntimeData SgxClaims
SgxPins SignedDocument SimulatedAuthority SimulatedAuthorityKeys SimulatedAzure SimulatedAzureReport SimulatedAzureTdReport
SimulatedAzureTdx SimulatedDcapCollateral SimulatedDcapQuote SimulatedEnclave SimulatedGpu SimulatedIntel SimulatedIntelKeys
SimulatedIntelPlatform SimulatedKeys SimulatedMachine SimulatedNitro SimulatedNitroKeys SimulatedNvidia SimulatedNvidiaKeys
SimulatedQuote SimulatedReport SimulatedTpm SimulatedVendor Slot SnpAnchor SnpClaims SnpEvidence SnpFacts SnpPins SnpReport
SpdmMessage Tcb TcbStanding TcbStatus TdReport TdxClaims TdxFacts TdxPins TpmAnchor TpmClaims TpmEvidence TpmPins TpmSignature
`

const listed = (names: string): string[] => names.trim().split(/\s+/).sort()

it('exports these values', () => {
  expect(Object.keys(api).sort()).toEqual(listed(VALUES))
})

it('exports these types', () => {
  const source = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8')
  const types = [...source.matchAll(/export type \{([^}]+)\}/g)].flatMap(([, names]) =>
    (names ?? '').split(','),
  )
  const exported = types.map((name) => name.trim()).filter((name) => name !== '')
  expect(exported.sort()).toEqual(listed(TYPES))
})
