// The public names of the registry, by concept. A test holds a copy of this list: a change to it is a change of the API.

export type { Admission, AdmissionParameters } from './admission.js'
export { admit } from './admission.js'
export type { BucketIndex } from './buckets.js'
export {
  bucketCount,
  bucketIndexCodec,
  leavesInBucket,
  PLACE_BYTES,
  parseBucket,
  parseBucketIndex,
  placeBytes,
  printBucketIndex,
  rootOfBucket,
  rootOfBuckets,
  rootsIn,
} from './buckets.js'
export type { Cursor } from './cursor.js'
export { cursorCodec, parseCursor, printCursor } from './cursor.js'
export type { Decision, DecisionKind } from './decision.js'
export { decisionCodec, parseDecision, printDecision } from './decision.js'
export type { EnrollmentFile } from './enrollment.js'
export {
  enrollmentCodec,
  MAX_ENROLLMENT_BYTES,
  parseEnrollment,
  printEnrollment,
} from './enrollment.js'
export { expiryOf } from './expiry.js'
export type { LogRecord } from './log-record.js'
export type { Member } from './member.js'
export type { NonceGiver, NonceRequest, NonceTicket } from './nonce.js'
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
} from './nonce.js'
export { parsePolicies, printPolicies } from './policies.js'
export type { Endorsement, Proposal } from './proposal.js'
export {
  endorsementCodec,
  parseEndorsement,
  parseProposal,
  printEndorsement,
  printProposal,
  proposalCodec,
} from './proposal.js'
export type { Receipt } from './receipt.js'
export { parseReceipt, printReceipt, receiptCodec } from './receipt.js'
export type { Admitted, Banned, NewMember, Registry } from './store.js'
export type { Mirror, RegistrySource, Synced, SyncParameters } from './sync.js'
export { syncRegistry, UNSIGNED } from './sync.js'
export type { LeafContent } from './tree.js'
export { BUCKET_HEIGHT, BUCKET_LEAVES, leafOf, slowHasher } from './tree.js'
