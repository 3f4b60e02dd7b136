import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import * as api from '../src/index.js'

/** Every value that others may import. Whoever changes this list changes the API. */
const VALUES = `
acceptanceCodec acceptanceHash acceptedPolicy acceptedService admissionNonce announcementCodec answerCodec ascii
askAgain askCodec ASKED_TIME_SKEW askHash assertClosedShape assertField assertKind assertLength assertShape assertTime
attestationCodec attestationRequestCodec auxOf boundedBody buildServiceTree bundleCodec canonicalJson CLOCK_STEP
closureHash compareBytes concat credential decodeAcceptance decodeEnvelope decodeRequest drawHolderSecret drvOf
emptySubtree encodeAcceptance encodeEnvelope encodeHeadContent encodeRequest enrollInputs equalBytes equalSecrets
evidenceFiles evidenceInOrder evmRegistryId EXIT_OF exitStatus fieldFromHash fieldToBytes fixedPath fixedRoot fromHex
fromInteger gpuDigest gpuNonce guestCodec halves headCodec inForceAt isAsStrict isHeadSigned isSimulated jsonObject
MAX_FILE_BYTES MAX_PAYLOAD_BYTES MAX_POLICIES MAX_RESPONSE_AGE MAX_SERVICES MAX_TIME nullifier openingCodec osImageHash
P p2 parseAcceptance parseAnnouncement parseAnswer parseAsk parseAttestation parseAttestationRequest parseBundle
parseGuest parseHead parseJson parseOpening parseReply parseRequest parseVerifier plain POLICIES_DEPTH policiesRoot
policyId printAcceptance printAnnouncement printAnswer printAsk printAttestation printAttestationRequest printBundle
printGuest printHead printOpening printReply printRequest PROFILE_IDS PROFILES publicKeyFromUncompressed REGISTRY_DEPTH
registryLeaf replyCodec reportData requestCodec requestHash respondInputs retryAfterMs rootOfPath scopeOf sentence
SERVICE_TREE_DEPTH serviceKey serviceLeaf serviceRoot SERVICES_DEPTH servicesRoot serviceValue shortReportData shown
signHead TAG textOf TIME_GRID toHex toInteger unanswered verifierIdOf verifierName VouchError whyUnanswered
`

const TYPES = `
AcceptancePolicy Announcement Answer Ask AskingAgain Asks Attestation AttestationRequest Bundle ClosureEntry Codec
Enrollment Envelope ErrorCode ExitStatus Explanation Failure FixedPath Freshness Guest Head HeadContent Json JsonObject
Kind ListedService Opening Patience ProfileName PublicKey Reply Request Service ServicePath ServicesByProfile
ServiceTree Shape Unanswered Verifier Waiting
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
