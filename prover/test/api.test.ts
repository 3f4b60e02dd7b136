import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as nodeApi from '../node/index.js'
import * as api from '../src/index.js'

/** Every value that others may import. Whoever changes this list changes the API. */
const VALUES = `
answerOnWire askGuest askPolicies attest beginEnrollment checkAttestation credentialCodec credentialOf draftCodec enroll
enrollWitness findCredential finishEnrollment ledgerEntryCodec memoryLedger openCopy parseCredential parseDraft parseLedgerEntry parseReading
printCredential printDraft printLedgerEntry printReading prove proveEnrollment proveResponse REFUSAL respondWitness syncCopy USUAL_CAUTION vouchedFetch
`

const NODE_VALUES = 'exchangeLine homeFolder openAlice openHome'

const TYPES = `
Agreement Answered Answering Asked Asking Attested BeginParameters Begun Caution Copy CopyParameters Credential Draft Enrolling EnrollmentProof
EnrollParameters EnrollParametersByNet EnrollStage Holding Leaves Ledger LedgerEntry LineExchange Network ProveParameters
ProveStage Reading RegistryPin SignedEnvelope Witness WitnessValue
`

const listed = (names: string): string[] => names.trim().split(/\s+/).sort()

it('exports these values', () => {
  expect(Object.keys(api).sort()).toEqual(listed(VALUES))
  expect(Object.keys(nodeApi).sort()).toEqual(listed(NODE_VALUES))
})

it('exports these types', () => {
  const source = readFileSync(new URL('../src/index.ts', import.meta.url), 'utf8')
  const types = [...source.matchAll(/export type \{([^}]+)\}/g)].flatMap(([, names]) =>
    (names ?? '').split(','),
  )
  const exported = types.map((name) => name.trim()).filter((name) => name !== '')
  expect(exported.sort()).toEqual(listed(TYPES))
})
