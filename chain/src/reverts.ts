import { contractErrorsAbi } from '@vouch/contracts'
import { type ErrorCode, type Failure, shown } from '@vouch/protocol'
import { BaseError, type ContractErrorName, decodeErrorResult, type Hex, isHex } from 'viem'

/** Every error that the contracts revert with. */
export type RevertName = ContractErrorName<typeof contractErrorsAbi>

type Meaning = readonly [code: ErrorCode, rule: string]

/** What each error means: the code that the same finding has off chain, where there is one, and the rule in words. */
const MEANINGS: Readonly<Record<RevertName, Meaning>> = {
  AgesInvalid: ['VALUE_OUT_OF_RANGE', 'the ages of an acceptance policy must be within their limits'],
  AlreadyMember: ['CHAIN_REFUSED', 'a member must not be one already'],
  AlreadyPosted: ['CHAIN_REFUSED', 'a response counts once'],
  BelowThreshold: ['CHAIN_REFUSED', 'a message must have as many signatures as the threshold'],
  BeneficiaryZero: ['CHAIN_REFUSED', 'the beneficiary must not be the zero address'],
  CircuitUnavailable: ['CIRCUIT_UNKNOWN', "the circuit's verifier must be in use"],
  CircuitUnknown: ['CIRCUIT_UNKNOWN', 'the circuit must be one that the gateway has a verifier for'],
  ConsumerUnknown: ['CHAIN_REFUSED', 'the consumer must have registered whom it believes'],
  ContextUnused: ['NOT_CANONICAL', 'a question without context must leave it zero'],
  CredentialBanned: ['CREDENTIAL_REFUSED', 'a removed credential never comes back'],
  CredentialInvalid: ['VALUE_OUT_OF_RANGE', 'a credential must be a field element other than zero'],
  CredentialKnown: ['CREDENTIAL_REFUSED', 'a credential is admitted once'],
  CredentialUnknown: ['CREDENTIAL_REFUSED', 'what is removed must have been admitted'],
  DeadlinePassed: ['CHAIN_REFUSED', "a message's deadline must not have passed"],
  EnvelopeMalformed: ['VALUE_MALFORMED', 'an envelope must have its one form'],
  ExpiryInvalid: ['CHAIN_REFUSED', 'an expiry must be a whole hour, one hour to seven days ahead'],
  FreshnessTooWeak: ['FRESHNESS_TOO_WEAK', "the question must be as strict as the consumer's policy"],
  GasTooLow: ['TRANSACTION_FAILED', 'a call must have as much gas as verifying a proof needs'],
  ListingFailed: ['CHAIN_REFUSED', "the consumer's lists must be stored"],
  ListsDiffer: ['CHAIN_REFUSED', 'a batch must have signatures for each admission'],
  MemberSuspended: ['CHAIN_REFUSED', 'a signer must not be suspended where something is let in'],
  MembersFull: ['CHAIN_REFUSED', 'a set has at most 64 members'],
  NoChange: ['CHAIN_REFUSED', 'a change must change something'],
  NonceBlockInvalid: ['NONCE_EXPIRED', "the block of an admission's nonce must be recent"],
  AskMismatch: ['ASK_MISMATCH', "the envelope must answer the question's own ask"],
  NonceMismatch: ['NONCE_MISMATCH', "the envelope's client nonce must be the challenge"],
  NotMember: ['CHAIN_REFUSED', 'a signer must be a member'],
  NothingPending: ['CHAIN_REFUSED', 'a change must be pending'],
  NothingToAdmit: ['CHAIN_REFUSED', 'a batch must not be empty'],
  NullifierTooLarge: ['VALUE_OUT_OF_RANGE', 'a nullifier must be a field element'],
  PathWrong: ['CHAIN_REFUSED', "the removed leaf's path must lead to the root as it is now"],
  Paused: ['CHAIN_REFUSED', 'the registry must not be paused'],
  PoliciesInvalid: [
    'NOT_ASCENDING',
    'policies must be 1 to 16 ids, ascending, simulated ones only if accepted',
  ],
  PolicyInvalid: ['VALUE_OUT_OF_RANGE', 'a policy id must be one'],
  PolicyNotAccepted: ['POLICY_NOT_ACCEPTED', 'the policy must be in force'],
  PolicySimulated: ['SIMULATED_NOT_ACCEPTED', 'simulated policies are for development chains'],
  ProfileNotAccepted: ['PROFILE_NOT_ACCEPTED', 'the consumer must accept services under the profile'],
  ProfileUnknown: ['PROFILE_NOT_ACCEPTED', 'the digest profile must be a known one'],
  ProfilesInvalid: ['NOT_ASCENDING', 'services must be given for known profiles, ascending, one at least'],
  ProofFalse: ['PROOF_FALSE', 'the proof must verify for the inputs that the contract derives'],
  QuestionFromFuture: ['REQUEST_FROM_FUTURE', "the question's time must not be ahead of the chain's clock"],
  QuestionTooOld: ['REQUEST_TOO_OLD', "the question must be within the consumer's request_age"],
  RegistryFull: ['TREE_FULL', 'a registry holds 2^20 leaves'],
  RegistryInvalid: ['CHAIN_REFUSED', 'the registry must be a contract'],
  ResponseFromFuture: ['RESPONSE_FROM_FUTURE', "the response's time must not be ahead of the chain's clock"],
  ResponseTooOld: ['RESPONSE_TOO_OLD', 'the response must be within the maximum age'],
  RootTooOld: ['ROOT_NOT_ACCEPTED', 'the root must have been superseded lately, if at all'],
  RootUnknown: ['ROOT_NOT_ACCEPTED', 'the root must be one that the registry had'],
  RootWithdrawn: ['ROOT_NOT_ACCEPTED', 'no removal may have come after the root'],
  RouteFixed: ['CHAIN_REFUSED', 'a route is added once, and frozen for ever'],
  SequenceWrong: ['CHAIN_REFUSED', 'a decision must carry the next number'],
  ServicesInvalid: ['NOT_ASCENDING', 'services must be 1 to 256, ascending'],
  SetVersionStale: ['CHAIN_REFUSED', 'a message must be signed for the set of members as it is now'],
  SettingsInvalid: ['CHAIN_REFUSED', "a registry's settings must be within their limits"],
  SiblingTooLarge: ['VALUE_OUT_OF_RANGE', 'a sibling must be a field element'],
  SignatureHigh: ['CHAIN_REFUSED', "a signature's s must be in the lower half"],
  SignatureInvalid: ['CHAIN_REFUSED', 'a signature must be one'],
  SignersUnordered: ['CHAIN_REFUSED', 'signers must ascend, each once'],
  SubjectInvalid: ['CHAIN_REFUSED', 'a change must name its subject'],
  TimeOffGrid: ['NOT_CANONICAL', "the question's time must be a multiple of 60"],
  TooEarly: ['CHAIN_REFUSED', 'a change takes effect after its delay'],
  TooFewMembers: ['CHAIN_REFUSED', 'a set keeps as many members as its floor'],
  TooLate: ['CHAIN_REFUSED', 'a change is carried out within 14 days, or not at all'],
  VerifierInvalid: ['CHAIN_REFUSED', "a route's verifier must be a contract, and stays what it is"],
}

/** What a contract reverted with. */
export interface Revert {
  readonly name: RevertName
  readonly args: readonly unknown[]
}

/** The contracts' error in what a call reverted with; `undefined` for anything else, such as running out of gas. */
export function decodeRevert(data: Hex): Revert | undefined {
  try {
    const { errorName, args } = decodeErrorResult({ abi: contractErrorsAbi, data })
    return Object.hasOwn(MEANINGS, errorName) ? { name: errorName, args: args ?? [] } : undefined
  } catch {
    return undefined
  }
}

/** The contracts' error in what viem threw; `undefined` if a node failed in another way, or gave no data. */
export function revertIn(error: unknown): Revert | undefined {
  if (!(error instanceof BaseError)) return undefined
  const found = error.walk((cause) => dataOf(cause) !== undefined)
  const data = dataOf(found)
  return data === undefined ? undefined : decodeRevert(data)
}

/** Nodes give the data as it is, or within an object. */
function dataOf(error: unknown): Hex | undefined {
  const { data } = (error ?? {}) as { data?: unknown }
  if (isHex(data)) return data
  const { data: inner } = (data ?? {}) as { data?: unknown }
  return isHex(inner) ? inner : undefined
}

/** What a revert means, in the words and codes of this project. */
export function explainRevert({ name, args }: Revert): Failure {
  const [code, rule] = MEANINGS[name]
  return { code, rule, given: shown([name, ...args.map(String)].join(' ')) }
}
