import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as api from '../src/index.js'

/** Every value that others may import. Whoever changes this list changes the API. */
const VALUES = `
admissionPolicyCodec admissionPolicyFrom admissionPolicyId admitsSimulated ANCHORS appraise authenticate bindsReportData encodeReport encodeTcb
inspect isSimulatedKind kindsOf KINDS MAX_TTL parseAdmissionPolicy parseCertificate parseEvidence parseReport printAdmissionPolicy
SNP_ANCHORS encodeDocument encodePayload encodeSpdm gpuDigestOf NITRO_ANCHORS NVIDIA_ANCHORS parseSpdm simulatedNvidia parseDocument simulatedNitro warningsOf simulatedVendor tcbText USUAL_TTL
`

const TYPES = `
AdmissionPolicy Anchor Appraisal AppraisalFailure AuthenticEvidence Authentication Certificate Check Claims Collateral CommonClaims Endorsement Evidence
EvidenceFile Generation KindName ParsedEvidence PolicyFrame RevocationList SimulatedKeys SimulatedMachine SimulatedReport SimulatedVendor
Slot SnpAnchor CompositeEvidence Device EnclaveImage Expected ExpectedGpus GpuPins NvidiaAnchor NvidiaClaims NvidiaEvidence OpaqueField SimulatedGpu
SimulatedNvidia SimulatedNvidiaKeys SpdmMessage NitroAnchor NitroClaims NitroDocument NitroEvidence NitroPins SignedDocument SimulatedEnclave SimulatedNitro
SimulatedNitroKeys SnpClaims SnpEvidence SnpPins SnpReport Tcb
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
