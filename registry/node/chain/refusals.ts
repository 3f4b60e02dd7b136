import type { contractErrorsAbi } from '@vouch/contracts'
import { type ErrorCode, shown, VouchError } from '@vouch/protocol'

/** Every error that the contracts revert with. */
export type ContractErrorName = (typeof contractErrorsAbi)[number]['name']

/** What each of the contracts' errors is called here: by the code that the same refusal has off chain, where there is one. */
export const CODE_OF_CONTRACT_ERROR: Readonly<Record<ContractErrorName, ErrorCode>> = {
  // Something signed or proven is false.
  PathWrong: 'LEAVES_FALSE',
  ProofFalse: 'PROOF_FALSE',
  SignatureHigh: 'SIGNATURE_FALSE',
  SignatureInvalid: 'SIGNATURE_FALSE',
  // All that holds, and the contract's own values say no.
  CircuitUnavailable: 'CONTRACT_REFUSED',
  ConsumerUnknown: 'CONTRACT_REFUSED',
  CredentialBanned: 'CREDENTIAL_REFUSED',
  CredentialKnown: 'CREDENTIAL_REFUSED',
  ExpiryInvalid: 'LIFETIME_TOO_SHORT',
  FreshnessTooWeak: 'FRESHNESS_TOO_WEAK',
  NonceBlockInvalid: 'NONCE_EXPIRED',
  NonceMismatch: 'NONCE_MISMATCH',
  PolicyNotAccepted: 'POLICY_NOT_ACCEPTED',
  PolicySimulated: 'SIMULATED_NOT_ACCEPTED',
  ProfileNotAccepted: 'PROFILE_NOT_ACCEPTED',
  QuestionFromFuture: 'REQUEST_FROM_FUTURE',
  QuestionTooOld: 'REQUEST_TOO_OLD',
  ResponseFromFuture: 'RESPONSE_FROM_FUTURE',
  ResponseTooOld: 'RESPONSE_TOO_OLD',
  RootTooOld: 'ROOT_NOT_ACCEPTED',
  RootUnknown: 'ROOT_NOT_ACCEPTED',
  RootWithdrawn: 'ROOT_NOT_ACCEPTED',
  AlreadyMember: 'CONTRACT_REFUSED',
  AlreadyPosted: 'CONTRACT_REFUSED',
  BelowThreshold: 'CONTRACT_REFUSED',
  BeneficiaryZero: 'CONTRACT_REFUSED',
  CredentialUnknown: 'CONTRACT_REFUSED',
  DeadlinePassed: 'CONTRACT_REFUSED',
  MemberSuspended: 'CONTRACT_REFUSED',
  MembersFull: 'CONTRACT_REFUSED',
  NoChange: 'CONTRACT_REFUSED',
  NotMember: 'CONTRACT_REFUSED',
  NothingPending: 'CONTRACT_REFUSED',
  Paused: 'CONTRACT_REFUSED',
  RouteFixed: 'CONTRACT_REFUSED',
  SequenceWrong: 'CONTRACT_REFUSED',
  SetVersionStale: 'CONTRACT_REFUSED',
  SettingsInvalid: 'CONTRACT_REFUSED',
  SignersUnordered: 'CONTRACT_REFUSED',
  SubjectInvalid: 'CONTRACT_REFUSED',
  TooEarly: 'CONTRACT_REFUSED',
  TooFewMembers: 'CONTRACT_REFUSED',
  TooLate: 'CONTRACT_REFUSED',
  // It cannot be read, or is of a kind that is not known.
  AgesInvalid: 'VALUE_OUT_OF_RANGE',
  CircuitUnknown: 'CIRCUIT_UNKNOWN',
  ContextUnused: 'NOT_CANONICAL',
  CredentialInvalid: 'VALUE_OUT_OF_RANGE',
  EnvelopeMalformed: 'VALUE_MALFORMED',
  ListingFailed: 'TRANSACTION_FAILED',
  ListsDiffer: 'VALUE_MALFORMED',
  NothingToAdmit: 'VALUE_MALFORMED',
  NullifierTooLarge: 'VALUE_OUT_OF_RANGE',
  PoliciesInvalid: 'VALUE_OUT_OF_RANGE',
  PolicyInvalid: 'VALUE_OUT_OF_RANGE',
  ProfilesInvalid: 'VALUE_OUT_OF_RANGE',
  ProfileUnknown: 'VALUE_OUT_OF_RANGE',
  RegistryFull: 'TREE_FULL',
  RegistryInvalid: 'CONTRACT_UNKNOWN',
  ServicesInvalid: 'VALUE_OUT_OF_RANGE',
  SiblingTooLarge: 'VALUE_OUT_OF_RANGE',
  TimeOffGrid: 'VALUE_OUT_OF_RANGE',
  VerifierInvalid: 'CONTRACT_UNKNOWN',
}

/** What to do about some of them. */
const HINTS: Readonly<Partial<Record<ContractErrorName, string>>> = {
  DeadlinePassed: 'the signatures were collected too long ago: enroll again',
  NonceBlockInvalid: 'the block that the nonce was made of is too old: ask for a new nonce',
  Paused: 'a quorum of trust nodes has paused the registry, and alone can end that',
  QuestionTooOld: 'prove again',
  RootTooOld: 'the registry has moved on: sync, and prove again',
  RootUnknown:
    'the registry never had this root, or the chain took back the block that had it: sync, and prove again',
  RootWithdrawn: 'a member was removed: sync, and prove again',
  SetVersionStale: 'the set of trust nodes has changed meanwhile: enroll again',
}

/** What a contract reverted with, as an error of ours. */
export function contractRefusal(name: ContractErrorName, args: readonly unknown[] = []): VouchError {
  const hint = HINTS[name]
  return new VouchError(CODE_OF_CONTRACT_ERROR[name], {
    rule: `the contract must not refuse: it says ${name}`,
    ...(args.length === 0 ? {} : { given: shown(args.map(String).join(', ')) }),
    ...(hint === undefined ? {} : { hint }),
  })
}

export const isContractError = (name: string): name is ContractErrorName =>
  Object.hasOwn(CODE_OF_CONTRACT_ERROR, name)
