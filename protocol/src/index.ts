// The public names of the protocol, by concept. A test holds a copy of this list: a change to it is a change of the API.

export type { AcceptancePolicy, ServicesByProfile } from './acceptance.js'
export {
  acceptanceCodec,
  acceptanceHash,
  decodeAcceptance,
  encodeAcceptance,
  parseAcceptance,
  printAcceptance,
} from './acceptance.js'
export type { Answer, Ask, Opening } from './asking.js'
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
} from './asking.js'
export type { Asks } from './asks.js'
export { TIME_GRID } from './asks.js'
export type { Attestation, AttestationRequest } from './attestation.js'
export {
  attestationCodec,
  attestationRequestCodec,
  evidenceFiles,
  evidenceInOrder,
  parseAttestation,
  parseAttestationRequest,
  printAttestation,
  printAttestationRequest,
} from './attestation.js'
export { boundedBody } from './body.js'
export type { Bundle } from './bundle.js'
export { bundleCodec, parseBundle, printBundle } from './bundle.js'
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
} from './bytes.js'
export type { ClosureEntry } from './closure.js'
export { closureHash, drvOf, osImageHash } from './closure.js'
export type { Codec } from './codec/codec.js'
export { MAX_FILE_BYTES } from './codec/codec.js'
export type { Json, JsonObject } from './codec/json.js'
export { canonicalJson, jsonObject, parseJson, plain, textOf } from './codec/json.js'
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
export type { Envelope, ProfileName } from './envelope.js'
export {
  askHash,
  decodeEnvelope,
  encodeEnvelope,
  MAX_PAYLOAD_BYTES,
  PROFILE_IDS,
  PROFILES,
} from './envelope.js'
export type { ErrorCode, ExitStatus, Explanation, Failure } from './errors.js'
export { EXIT_OF, exitStatus, sentence, shown, VouchError } from './errors.js'
export { assertField, assertLength, fieldFromHash, fieldToBytes, halves, P } from './field.js'
export type { FixedPath } from './fixed-tree.js'
export {
  emptySubtree,
  fixedPath,
  fixedRoot,
  POLICIES_DEPTH,
  REGISTRY_DEPTH,
  rootOfPath,
  SERVICES_DEPTH,
} from './fixed-tree.js'
export type { Freshness } from './freshness.js'
export { isAsStrict, MAX_RESPONSE_AGE } from './freshness.js'
export type { Announcement, Guest, ListedService } from './guest.js'
export {
  announcementCodec,
  guestCodec,
  parseAnnouncement,
  parseGuest,
  printAnnouncement,
  printGuest,
} from './guest.js'
export type { Head, HeadContent } from './head.js'
export { encodeHeadContent, headCodec, isHeadSigned, parseHead, printHead, signHead } from './head.js'
export type { Verifier } from './identity.js'
export { evmRegistryId, parseVerifier, verifierIdOf, verifierName } from './identity.js'
export {
  acceptedPolicy,
  acceptedService,
  isSimulated,
  MAX_POLICIES,
  MAX_SERVICES,
  policiesRoot,
  policyId,
  servicesRoot,
} from './policy.js'
export { p2, TAG } from './poseidon2.js'
export type { Enrollment } from './public-inputs.js'
export { enrollInputs, respondInputs } from './public-inputs.js'
export type { Reply } from './reply.js'
export { parseReply, printReply, replyCodec } from './reply.js'
export type { Request } from './request.js'
export {
  decodeRequest,
  encodeRequest,
  inForceAt,
  parseRequest,
  printRequest,
  requestCodec,
  requestHash,
  scopeOf,
} from './request.js'
export type { AskingAgain, Patience, Waiting } from './retry.js'
export { askAgain, retryAfterMs } from './retry.js'
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
export type { Unanswered } from './unanswered.js'
export { unanswered, whyUnanswered } from './unanswered.js'
