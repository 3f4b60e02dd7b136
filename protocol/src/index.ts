// The public names of the protocol, by concept. A test holds a copy of this list: a change to it is a change of the API.

export type { EnrollmentFile, ReadEnrollment } from './admission/enrollment.js'
export {
  enrollmentCodec,
  MAX_ENROLLMENT_BYTES,
  parseEnrollment,
  printEnrollment,
} from './admission/enrollment.js'
export type { NonceGiver, NonceRequest, NonceTicket } from './admission/nonce.js'
export {
  checkTicket,
  issueNonce,
  NONCE_LIFETIME,
  nonceOf,
  nonceRequestCodec,
  parseNonceRequest,
  parseTicket,
  printNonceRequest,
  printTicket,
  ticketCodec,
} from './admission/nonce.js'
export type { Receipt } from './admission/receipt.js'
export { parseReceipt, printReceipt, receiptCodec } from './admission/receipt.js'
export type { Credential, Draft, LedgerEntry, Reading, RegistryPin } from './alice-files.js'
export {
  credentialCodec,
  draftCodec,
  ledgerEntryCodec,
  parseCredential,
  parseDraft,
  parseLedgerEntry,
  parseReading,
  printCredential,
  printDraft,
  printLedgerEntry,
  printReading,
} from './alice-files.js'
export { assertWanted, cancelled } from './cancelled.js'
export type { Check } from './checks.js'
export { Checks, gravest, gravestError, must } from './checks.js'
export type { ClosureEntry } from './code-identity.js'
export { closureHash, drvOf, osImageHash } from './code-identity.js'
export {
  admissionNonce,
  assertTime,
  auxOf,
  credential,
  drawHolderSecret,
  gpuDigest,
  gpuNonce,
  MAX_TIME,
  nullifier,
  registryLeaf,
  reportData,
  shortReportData,
} from './credential.js'
export type { ErrorCode, ExitStatus, Explanation, Failure } from './errors.js'
export { EXIT_OF, exitStatus, sentence, shown, VouchError } from './errors.js'
export type { Bundle } from './files/bundle.js'
export { bundleCodec, parseBundle, printBundle } from './files/bundle.js'
export type { Reply } from './files/reply.js'
export { parseReply, printReply, replyCodec } from './files/reply.js'
export type { Answer, Ask, Opening } from './guest/asking.js'
export {
  ASKED_TIME_SKEW,
  answerCodec,
  askCodec,
  CLOCK_STEP,
  openingCodec,
  parseAnswer,
  parseAsk,
  parseOpening,
  printAnswer,
  printAsk,
  printOpening,
} from './guest/asking.js'
export type { Attestation, AttestationRequest } from './guest/attestation.js'
export {
  attestationCodec,
  attestationRequestCodec,
  evidenceFiles,
  evidenceInOrder,
  parseAttestation,
  parseAttestationRequest,
  printAttestation,
  printAttestationRequest,
} from './guest/attestation.js'
export type { Announcement, Guest, ListedService } from './guest/guest.js'
export {
  announcementCodec,
  guestCodec,
  parseAnnouncement,
  parseGuest,
  printAnnouncement,
  printGuest,
} from './guest/guest.js'
export { assertField, assertLength, fieldFromHash, fieldToBytes, halves, P } from './hashes/field.js'
export type { Hasher } from './hashes/hasher.js'
export { slowHasher } from './hashes/hasher.js'
export { p2, TAG } from './hashes/poseidon2.js'
export {
  ascii,
  compareBytes,
  concat,
  equalBytes,
  equalSecrets,
  fromHex,
  fromInteger,
  toHex,
  toInteger,
} from './notation/bytes.js'
export type { Codec } from './notation/codec.js'
export { MAX_FILE_BYTES } from './notation/codec.js'
export type { Json, JsonObject } from './notation/json.js'
export { canonicalJson, jsonObject, parseJson, plain, textOf } from './notation/json.js'
export type { EnrollInputs, Enrollment, RespondInputs } from './public-inputs.js'
export { enrollInputs, inputList, PUBLIC_INPUTS, respondInputs } from './public-inputs.js'
export type { LeafContent } from './published/bucket-tree.js'
export {
  BUCKET_HEIGHT,
  BUCKET_LEAVES,
  bucketRoot,
  EMPTY_LEAF,
  emptyNode,
  layerAbove,
  leafOf,
  siblingsAbove,
} from './published/bucket-tree.js'
export type { BucketIndex, PlaceChange } from './published/buckets.js'
export {
  bucketCount,
  bucketIndexCodec,
  changeBytes,
  changesIn,
  leavesInBucket,
  leavesOf,
  MAX_CHANGES,
  PLACE_BYTES,
  parseBucket,
  parseBucketIndex,
  placeBytes,
  printBucketIndex,
  rootOfBucket,
  rootOfBuckets,
  rootsIn,
  siblingsOf,
} from './published/buckets.js'
export type { Cursor } from './published/cursor.js'
export { cursorCodec, parseCursor, printCursor } from './published/cursor.js'
export type { FixedPath } from './registry/fixed-tree.js'
export {
  emptySubtree,
  fixedPath,
  fixedRoot,
  POLICIES_DEPTH,
  REGISTRY_DEPTH,
  rootOfPath,
  SERVICES_DEPTH,
} from './registry/fixed-tree.js'
export type { Head, HeadContent } from './registry/head.js'
export {
  encodeHeadContent,
  headCodec,
  headContentCodec,
  headDigest,
  isHeadSigned,
  parseHead,
  printHead,
  signedHead,
  signHead,
} from './registry/head.js'
export {
  acceptedPolicy,
  acceptedService,
  isSimulated,
  MAX_POLICIES,
  MAX_SERVICES,
  policiesRoot,
  policyId,
  servicesRoot,
} from './registry/policy.js'
export type { AcceptancePolicy, ServicesByProfile } from './request/acceptance.js'
export {
  acceptanceCodec,
  acceptanceHash,
  decodeAcceptance,
  encodeAcceptance,
  parseAcceptance,
  printAcceptance,
} from './request/acceptance.js'
export type { Asks } from './request/asks.js'
export { TIME_GRID } from './request/asks.js'
export type { Freshness } from './request/freshness.js'
export { isAsStrict, MAX_RESPONSE_AGE } from './request/freshness.js'
export type { Request } from './request/request.js'
export {
  decodeRequest,
  encodeRequest,
  inForceAt,
  parseRequest,
  printRequest,
  requestCodec,
  requestHash,
  scopeOf,
} from './request/request.js'
export type { Verifier } from './request/verifier.js'
export { evmRegistryId, parseVerifier, verifierIdOf, verifierName } from './request/verifier.js'
export type { PublicKey, Service, ServicePath, ServiceTree } from './service-tree.js'
export {
  buildServiceTree,
  publicKeyFromUncompressed,
  SERVICE_TREE_DEPTH,
  serviceKey,
  serviceLeaf,
  serviceRoot,
  serviceValue,
} from './service-tree.js'
export type { Kind, Shape } from './shape.js'
export { assertClosedShape, assertKind, assertShape } from './shape.js'
export type { Envelope, ProfileName } from './statements/envelope.js'
export {
  askHash,
  decodeEnvelope,
  encodeEnvelope,
  MAX_PAYLOAD_BYTES,
  PROFILE_IDS,
  PROFILES,
} from './statements/envelope.js'
export type { Unanswered } from './unanswered.js'
export { TOO_LONG, unanswered, whyUnanswered } from './unanswered.js'
