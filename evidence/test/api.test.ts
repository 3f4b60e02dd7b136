import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as api from '../src/index.js'
import * as simulated from '../src/simulated.js'

/** Every value that others may import. Whoever changes this list changes the API. */
const VALUES = `
admissionPolicyCodec admissionPolicyFrom admissionPolicyId admitsSimulated ANCHORS appraise authenticate AZURE_SNP_ANCHORS
AZURE_TDX_ANCHORS bindsReportData DCAP_ANCHORS encodeAttest encodeDocument encodeEventLog encodeHcl encodePayload
encodeQuote encodeReport encodeSpdm encodeTcb examine explainFile gpuDigestOf inspect isPublished isSimulatedKind KINDS
kindsOf looksLikePack MAX_TTL NITRO_ANCHORS NOT_CONFIDENTIAL NVIDIA_ANCHORS packEvidence packName parseAdmissionPolicy
parseAttest parseCertificate parseDocument parseEventLog parseEvidence parseHcl parseQeIdentity parseQuote parseReport
parseSpdm parseTcbInfo printAdmissionPolicy printPcrs publishedFor purportedKind renewed SNP_ANCHORS tcbText TPM_ANCHORS
USUAL_TTL VENDOR_SERVICES warningsOf
`

const TYPES = `
AdmissionPolicy Anchor Appraisal AppraisalFailure Attest Authentication AuthenticEvidence AzureEvidence AzureSnpAnchor
AzureSnpClaims AzureSnpPins AzureTdxAnchor AzureTdxClaims AzureTdxPins Certificate Check Claims Collateral CommonClaims
CompositeEvidence DcapAnchor DcapClaims DcapEvidence Device EnclaveImage EnclaveReport Endorsement EventLog Evidence
EvidenceFile Examination Expected ExpectedGpus Explained ExplainedField Generation GpuPins HclReport KindName LoggedEvent
NitroAnchor NitroClaims NitroContainer NitroDocument NitroEvidence NitroPins NvidiaAnchor NvidiaClaims NvidiaEvidence
OpaqueField ParsedEvidence PcrBank PolicyFrame Published PublishedForm Quote QuoteClaims QuotePins RevocationList
RuntimeData SgxClaims SgxPins SignedDocument Slot SnpAnchor SnpClaims SnpEvidence SnpFacts SnpPins SnpReport SpdmMessage Tcb
TcbStanding TcbStatus TdReport TdxClaims TdxFacts TdxPins TpmAnchor TpmClaims TpmEvidence TpmPins TpmSignature
`

const SIMULATED_VALUES = `
newSimulatedTpm simulatedAuthority simulatedAzure simulatedAzureTdx simulatedEnclaveReport simulatedIntel simulatedNitro
simulatedNvidia simulatedTdReport simulatedVendor
`

const SIMULATED_TYPES = `
SimulatedAuthority SimulatedAuthorityKeys SimulatedAzure SimulatedAzureReport SimulatedAzureTdReport SimulatedAzureTdx
SimulatedDcapCollateral SimulatedDcapQuote SimulatedEnclave SimulatedGpu SimulatedIntel SimulatedIntelKeys
SimulatedIntelPlatform SimulatedKeys SimulatedMachine SimulatedNitro SimulatedNitroKeys SimulatedNvidia SimulatedNvidiaKeys
SimulatedQuote SimulatedReport SimulatedTpm SimulatedVendor
`

const listed = (names: string): string[] => names.trim().split(/\s+/).sort()

describe.each([
  ['@vouch/evidence', api, '../src/index.ts', VALUES, TYPES],
  ['@vouch/evidence/simulated', simulated, '../src/simulated.ts', SIMULATED_VALUES, SIMULATED_TYPES],
])('%s', (_, entry, path, values, types) => {
  it('exports these values', () => {
    expect(Object.keys(entry).sort()).toEqual(listed(values))
  })

  it('exports these types', () => {
    const source = readFileSync(new URL(path, import.meta.url), 'utf8')
    const found = [...source.matchAll(/export type \{([^}]+)\}/g)].flatMap(([, names]) =>
      (names ?? '').split(','),
    )
    const exported = found.map((name) => name.trim()).filter((name) => name !== '')
    expect(exported.sort()).toEqual(listed(types))
  })
})
