import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as nodeApi from '../node/index.js'
import * as api from '../src/index.js'

/** Every value that others may import. Whoever changes this list changes the API. */
const VALUES = `
admit BUCKET_HEIGHT BUCKET_LEAVES bucketCount bucketIndexCodec checkTicket cursorCodec decisionCodec endorsementCodec
enrollmentCodec expiryOf issueNonce leafOf leavesInBucket MAX_ENROLLMENT_BYTES NONCE_LIFETIME nonceOf nonceRequestCodec
parseBucket parseBucketIndex parseCursor parseDecision parseEndorsement parseEnrollment parseNonceRequest parsePolicies parseProposal
parseReceipt parseTicket PLACE_BYTES placeBytes printBucketIndex printCursor printDecision printEndorsement printEnrollment
printNonceRequest printPolicies printProposal printReceipt printTicket proposalCodec receiptCodec rootOfBucket rootOfBuckets rootsIn
slowHasher syncRegistry ticketCodec UNSIGNED
`

const NODE_VALUES =
  'createRegistry DEFAULT_LIMITS openFile openMirror openRegistrar openRegistry openSource siteOf'

const TYPES = `
Admission AdmissionParameters Admitted Banned BucketIndex Cursor Decision DecisionKind Endorsement EnrollmentFile LeafContent
LogRecord Member Mirror NewMember NonceGiver NonceRequest NonceTicket Proposal Receipt Registry RegistrySource Synced
SyncParameters
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
