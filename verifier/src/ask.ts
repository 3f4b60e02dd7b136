import {
  type AcceptancePolicy,
  acceptanceHash,
  assertKind,
  assertShape,
  Checks,
  encodeRequest,
  type Freshness,
  gravestError,
  type Head,
  type ProfileName,
  type Request,
  type Shape,
  TIME_GRID,
  type Verifier,
  verifierIdOf,
} from '@vouch/protocol'
import { believed, judgeAtOnce } from './checks.js'

export interface RequestParameters {
  readonly acceptance: AcceptancePolicy
  readonly head: Head
  readonly now: number
  /** Who asks: the https origin that the Request is fetched from, or a contract. Proofs for it serve no other verifier. */
  readonly verifier: Verifier
  /** 32 random bytes, never used before. */
  readonly challenge: Uint8Array
  readonly profile: ProfileName
  /** Makes a holder's proofs within it linkable to one another. Leave it out unless "once each" is what you need. */
  readonly context?: Uint8Array
  /** `askHash` of the one question that Bob wants answered. Alice needs its salt and message to ask. */
  readonly askHash?: Uint8Array
  /** The acceptance policy's, unless something stricter is wanted. */
  readonly freshness?: Freshness
}

const PARAMETERS: Shape<RequestParameters> = {
  acceptance: 'object',
  head: 'object',
  now: 'time',
  verifier: 'text or object',
  challenge: 'bytes',
  profile: 'text',
}

/** Makes a Request for everything that an acceptance policy accepts under one profile, at the registry's newest root. */
export function makeRequest(parameters: RequestParameters): Request {
  assertShape(parameters, PARAMETERS, 'makeRequest: parameters')
  const { acceptance, head, now, verifier, challenge, profile, context, askHash } = parameters
  if (askHash !== undefined) assertKind(askHash, 'bytes', 'makeRequest: parameters.askHash')
  const request: Request = {
    version: 2,
    verifierId: verifierIdOf(verifier),
    challenge,
    ...(context === undefined ? {} : { context }),
    profile,
    freshness: parameters.freshness ?? acceptance.freshness,
    now: now - (now % TIME_GRID),
    registryId: head.registryId,
    root: head.root,
    acceptance: acceptanceHash(acceptance),
    ...(askHash === undefined ? {} : { askHash }),
    asks: { kind: 'answer' },
    services: acceptance.services[profile] ?? [],
    policies: acceptance.policies,
  }
  const checks = new Checks()
  judgeAtOnce(checks, ['head', 'request', 'root'], {
    ...{ request, head, now },
    ...believed(acceptance),
  })
  if (checks.failures.length > 0) throw gravestError(checks.failures)
  encodeRequest(request)
  return request
}
