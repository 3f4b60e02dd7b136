import {
  type AcceptancePolicy,
  acceptanceHash,
  compareBytes,
  decodeAcceptance,
  evmRegistryId,
  fieldToBytes,
  type ProfileName,
  type Request,
  VouchError,
  verifierIdOf,
} from '@vouch/protocol'
import { type Address, bytesToHex, type Hex, hexToBytes } from 'viem'

/** Numbers of the digest profiles, as in the protocol. */
const PROFILE_NUMBERS = { sha256: 1, eip191: 2 } as const satisfies Record<ProfileName, number>
const PROFILE_NAMES = Object.keys(PROFILE_NUMBERS) as ProfileName[]

/** Stands where a registry off chain has the key that signs its heads: the chain itself says what the root is. */
export const NO_SIGNER = new Uint8Array(33)

const NO_BYTES: Hex = `0x${'00'.repeat(32)}`

/** The argument of `register`, but for the circuit. */
export interface ContractPolicy {
  readonly clockSkew: number
  readonly rootAge: number
  readonly requestAge: number
  /** 0 to accept by challenge alone. */
  readonly responseAge: number
  readonly simulated: boolean
  readonly policies: readonly bigint[]
  readonly services: readonly { readonly profile: number; readonly drvs: readonly Hex[] }[]
}

/** The argument of `verifyResponse` that says what is asked. */
export interface Question {
  readonly challenge: Hex
  readonly hasContext: boolean
  readonly context: Hex
  readonly profile: number
  /** 0 by challenge. */
  readonly maxAge: number
  readonly time: bigint
  readonly root: bigint
  /** The salted hash of what the service shall be asked; zeros where the contract leaves that open. */
  readonly askHash: Hex
}

/** A consumer, by what is read from its chain. */
export interface Consumer {
  readonly chainId: number
  readonly registry: Address
  readonly consumer: Address
  /** What the gateway's `consumer` gives: the policy in its binary form. */
  readonly policy: Uint8Array
}

/** The acceptance policy that a consumer's registration makes, as a verifier off chain would have it. */
export function acceptanceOf(policy: ContractPolicy, registryId: Uint8Array): AcceptancePolicy {
  const services = policy.services.map(({ profile, drvs }) => [
    profileName(profile),
    drvs.map((drv) => hexToBytes(drv)),
  ])
  return {
    version: 1,
    registry: { id: registryId, signer: NO_SIGNER },
    clockSkew: policy.clockSkew,
    headAge: policy.rootAge,
    requestAge: policy.requestAge,
    freshness:
      policy.responseAge === 0 ? { kind: 'challenge' } : { kind: 'max_age', seconds: policy.responseAge },
    simulated: policy.simulated,
    policies: policy.policies,
    services: Object.fromEntries(services),
  }
}

/** What a consumer registers to believe what an acceptance policy says. Lists ascend, as contracts want them. */
export function contractPolicyOf(acceptance: AcceptancePolicy): ContractPolicy {
  const { freshness, services } = acceptance
  return {
    clockSkew: acceptance.clockSkew,
    rootAge: acceptance.headAge,
    requestAge: acceptance.requestAge,
    responseAge: freshness.kind === 'challenge' ? 0 : freshness.seconds,
    simulated: acceptance.simulated,
    policies: [...acceptance.policies].sort((a, b) => compareBytes(fieldToBytes(a), fieldToBytes(b))),
    services: PROFILE_NAMES.flatMap((name) => {
      const drvs = services[name]
      if (drvs === undefined) return []
      return [
        { profile: PROFILE_NUMBERS[name], drvs: [...drvs].sort(compareBytes).map((drv) => bytesToHex(drv)) },
      ]
    }),
  }
}

/** The Request that a question of a consumer's makes: what its contract computes, and Alice proves for. */
export function requestOf({ chainId, registry, consumer, policy }: Consumer, question: Question): Request {
  const acceptance = decodeAcceptance(policy)
  const profile = profileName(question.profile)
  return {
    version: 2,
    verifierId: verifierIdOf({ chain: BigInt(chainId), contract: hexToBytes(consumer) }),
    challenge: hexToBytes(question.challenge),
    ...(question.hasContext ? { context: hexToBytes(question.context) } : {}),
    profile,
    freshness: question.maxAge === 0 ? { kind: 'challenge' } : { kind: 'max_age', seconds: question.maxAge },
    now: Number(question.time),
    registryId: evmRegistryId(BigInt(chainId), hexToBytes(registry)),
    root: question.root,
    acceptance: acceptanceHash(acceptance),
    ...(question.askHash === NO_BYTES ? {} : { askHash: hexToBytes(question.askHash) }),
    asks: { kind: 'answer' },
    services: acceptance.services[profile] ?? [],
    policies: acceptance.policies,
  }
}

/** The question in a Request: what is sent to a contract that registered the rest of it. */
export function questionOf(request: Request): Question {
  return {
    challenge: bytesToHex(request.challenge),
    hasContext: request.context !== undefined,
    context: request.context === undefined ? NO_BYTES : bytesToHex(request.context),
    profile: PROFILE_NUMBERS[request.profile],
    maxAge: request.freshness.kind === 'challenge' ? 0 : request.freshness.seconds,
    time: BigInt(request.now),
    root: request.root,
    askHash: request.askHash === undefined ? NO_BYTES : bytesToHex(request.askHash),
  }
}

function profileName(number: number): ProfileName {
  const name = PROFILE_NAMES.find((candidate) => PROFILE_NUMBERS[candidate] === number)
  if (name === undefined) {
    throw new VouchError('PROFILE_NOT_ACCEPTED', {
      rule: 'a digest profile must be a known one',
      given: String(number),
    })
  }
  return name
}
