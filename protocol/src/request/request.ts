import { shown, VouchError } from '../errors.js'
import { assertLength, fieldFromHash } from '../hashes/field.js'
import { concat, toHex } from '../notation/bytes.js'
import { type Codec, decode, encode, parseFile, printFile } from '../notation/codec.js'
import { list, optionalBytes, record, refined } from '../notation/composites.js'
import { fieldElement, fixedBytes, oneOf, version } from '../notation/scalars.js'
import { MAX_POLICIES, MAX_SERVICES, POLICY_ID_LIMIT } from '../registry/policy.js'
import { PROFILE_IDS, type ProfileName } from '../statements/envelope.js'
import { type Asks, asks, gridTime } from './asks.js'
import { type Freshness, freshness } from './freshness.js'

/** What Bob asks. Both sides derive every public input of a response's proof from it. */
export interface Request {
  readonly version: 2
  readonly verifierId: Uint8Array
  readonly challenge: Uint8Array
  /** Makes proofs under one context linkable to one another; Alice has to agree to it. */
  readonly context?: Uint8Array
  readonly profile: ProfileName
  readonly freshness: Freshness
  /** Bob's clock on a grid of a minute, so that it cannot serve as a name. */
  readonly now: number
  readonly registryId: Uint8Array
  readonly root: bigint
  /** Commits Bob to the acceptance policy by which he will judge. */
  readonly acceptance: bigint
  /** Where Bob chooses the question: its salted hash, which the envelope must carry. */
  readonly askHash?: Uint8Array
  readonly asks: Asks
  readonly services: readonly Uint8Array[]
  readonly policies: readonly bigint[]
}

/** The longest that a session may last: a week. */
const MAX_SESSION = 604_800

/** Below this is every value of `field(d, x)`. */
const HASH_LIMIT = 2n ** 248n

export const drvs = (anyOrder = false): Codec<readonly Uint8Array[]> =>
  list(fixedBytes(32), { min: 1, max: MAX_SERVICES, anyOrder })
export const policyIds = (anyOrder = false): Codec<readonly bigint[]> =>
  list(fieldElement(POLICY_ID_LIMIT), { min: 1, max: MAX_POLICIES, anyOrder })

const members: Codec<Request> = record<Request>({
  version: version(2),
  verifierId: fixedBytes(32),
  challenge: fixedBytes(32),
  context: optionalBytes(32),
  profile: oneOf(PROFILE_IDS),
  freshness,
  now: gridTime,
  registryId: fixedBytes(32),
  root: fieldElement(),
  acceptance: fieldElement(HASH_LIMIT),
  askHash: optionalBytes(32),
  asks,
  services: drvs(),
  policies: policyIds(),
})

/** A session is opened by a fresh challenge, and has no question of its own: the verifier asks within it. */
function checkSession({ asks, freshness, askHash, now }: Request, at: string): void {
  if (asks.kind !== 'session') return
  const { until } = asks
  const rules: readonly (readonly [holds: boolean, rule: string, given: string])[] = [
    [freshness.kind === 'challenge', `${at}.freshness of a session must be challenge`, freshness.kind],
    [askHash === undefined, `${at} of a session must have no ask_hash`, toHex(askHash ?? new Uint8Array())],
    [
      until > now && until <= now + MAX_SESSION,
      `${at}.asks.until must be after now, by ${MAX_SESSION} s at most`,
      shown(until),
    ],
  ]
  const broken = rules.find(([holds]) => !holds)
  if (broken !== undefined) throw new VouchError('VALUE_OUT_OF_RANGE', { rule: broken[1], given: broken[2] })
}

export const requestCodec: Codec<Request> = refined(members, checkSession)

export const encodeRequest = (request: Request): Uint8Array => encode(requestCodec, request, 'request')
export const decodeRequest = (bytes: Uint8Array): Request => decode(requestCodec, bytes, 'request')
export const parseRequest = (file: string | Uint8Array): Request => parseFile(requestCodec, file, 'request')
export const printRequest = (request: Request): string => printFile(requestCodec, request, 'request')

/** What a proof and its bundle say they answer. */
export function requestHash(request: Request): bigint {
  return fieldFromHash('vouch-request-v2', encodeRequest(request))
}

/** The time at which an admission must be in force: a session outlives the Request that opens it. */
export const inForceAt = ({ asks, now }: Pick<Request, 'asks' | 'now'>): number =>
  asks.kind === 'session' ? asks.until : now

/** Within what proofs of one holder show the same nullifier: the challenge alone, unless Bob asks for a context. */
export function scopeOf({
  verifierId,
  context,
  challenge,
}: Pick<Request, 'verifierId' | 'context' | 'challenge'>): bigint {
  assertLength(verifierId, 32, 'verifier id')
  const [kind, within] = context === undefined ? [0, challenge] : [1, context]
  assertLength(within, 32, kind === 0 ? 'challenge' : 'context')
  // The kind keeps Bob from asking, as if by challenge, within a context that Alice once agreed to.
  return fieldFromHash('vouch-scope-v1', concat(verifierId, Uint8Array.of(kind), within))
}
