import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as api from '../src/index.js'

/** Every value that others may import. Whoever changes this list changes the API. */
const VALUES = `
admissionPolicyCodec admissionPolicyFrom admissionPolicyId admitsSimulated ANCHORS appraise authenticate bindsReportData DCAP_ANCHORS
encodeEventLog encodeQuote encodeReport encodeTcb inspect isKindName isSimulatedKind kindOf kindsOf KINDS MAX_TTL parseAdmissionPolicy
parseCertificate parseEventLog parseEvidence parseQeIdentity parseQuote parseReport parseTcbInfo printAdmissionPolicy simulatedEnclaveReport
simulatedTdReport simulatedIntel simulatedVendor SNP_ANCHORS tcbText USUAL_TTL
`

const TYPES = `
AdmissionPolicy Anchor Appraisal AppraisalFailure AuthenticEvidence Authentication Certificate Check Claims Collateral CommonClaims DcapAnchor
DcapClaims DcapEvidence EnclaveReport Endorsement EventLog Evidence EvidenceFile Generation KindName LoggedEvent ParsedEvidence PolicyFrame
Quote RevocationList SgxClaims SgxPins SimulatedDcapCollateral SimulatedIntel SimulatedIntelKeys SimulatedKeys SimulatedMachine
SimulatedIntelPlatform SimulatedDcapQuote SimulatedReport SimulatedVendor Slot SnpAnchor SnpClaims SnpEvidence SnpPins SnpReport Tcb
TcbStanding TcbStatus TdReport TdxClaims TdxPins
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
