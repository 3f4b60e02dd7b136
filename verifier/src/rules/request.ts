import {
  type AcceptancePolicy,
  acceptanceHash,
  equalBytes,
  fieldToBytes,
  type Head,
  isAsStrict,
  isSimulated,
  type Request,
  shown,
  toHex,
  verifierIdOf,
} from '@vouch/protocol'
import { rule } from './rule.js'

/**
 * Is what was asked what the policy asks for? A Request may have been made long ago, or by another program. The proof
 * hides which service and which admission policy it was, so each that the Request lists must be accepted.
 */
export const REQUEST = {
  verifier: rule(
    'verifier',
    'VERIFIER_MISMATCH',
    ['request', 'verifier'],
    ({ request, verifier }) => equalBytes(request.verifierId, verifierIdOf(verifier)),
    ({ request }) => ({
      rule: 'the Request must be of this contract, on this chain',
      given: toHex(request.verifierId),
    }),
  ),
  acceptance: rule(
    'request',
    'ACCEPTANCE_MISMATCH',
    ['request', 'acceptance'],
    ({ request, acceptance }) => request.acceptance === acceptanceHash(acceptance),
    () => ({
      rule: 'the Request must commit to this acceptance policy',
      hint: 'judge with the acceptance policy that the Request was made from',
    }),
  ),
  registry: rule(
    'request',
    'REGISTRY_NOT_ACCEPTED',
    ['request', 'registry'],
    ({ request, registry }) => equalBytes(request.registryId, registry.id),
    ({ request }) => ({
      rule: "the Request must name the acceptance policy's registry",
      given: toHex(request.registryId),
    }),
  ),
  profile: rule(
    'request',
    'PROFILE_NOT_ACCEPTED',
    ['request', 'acceptance'],
    ({ request, acceptance }) => acceptance.services[request.profile] !== undefined,
    ({ request }) => ({ rule: "the Request's digest profile must be accepted", given: request.profile }),
  ),
  services: rule(
    'request',
    'SERVICE_NOT_ACCEPTED',
    ['request', 'acceptance'],
    ({ request, acceptance }) => strangers(request, acceptance).length === 0,
    ({ request, acceptance }) => ({
      rule: 'every service in the Request must be accepted under its profile',
      given: shown(strangers(request, acceptance).map(toHex).join(' ')),
    }),
  ),
  policies: rule(
    'request',
    'POLICY_NOT_ACCEPTED',
    ['request', 'acceptance'],
    ({ request, acceptance }) => unknownPolicies(request, acceptance).length === 0,
    ({ request, acceptance }) => ({
      rule: 'every admission policy in the Request must be accepted',
      given: shown(
        unknownPolicies(request, acceptance)
          .map((id) => toHex(fieldToBytes(id)))
          .join(' '),
      ),
    }),
  ),
  simulated: rule(
    'request',
    'SIMULATED_NOT_ACCEPTED',
    ['request', 'acceptance'],
    ({ request, acceptance }) => acceptance.simulated || !request.policies.some(isSimulated),
    () => ({
      rule: 'policies that admit simulated evidence must be accepted in so many words',
      hint: 'simulated evidence shows nothing: accept it in development alone',
    }),
  ),
  freshness: rule(
    'request',
    'FRESHNESS_TOO_WEAK',
    ['request', 'acceptance'],
    ({ request, acceptance }) => isAsStrict(request.freshness, acceptance.freshness),
    ({ request }) => ({
      rule: 'the Request must ask for responses at least as fresh as the acceptance policy does',
      given: request.freshness.kind,
    }),
  ),
  age: rule(
    'request',
    'REQUEST_TOO_OLD',
    ['request', 'ages', 'now'],
    ({ request, ages, now }) => request.now >= now - ages.requestAge - ages.grace,
    ({ request, ages, now }) => ({
      rule: `the Request must be at most ${ages.requestAge} s old`,
      given: `${now - request.now} s`,
      hint: 'to judge a bundle that was kept, give the time it was received',
    }),
  ),
  ahead: rule(
    'request',
    'REQUEST_FROM_FUTURE',
    ['request', 'ages', 'now'],
    ({ request, ages, now }) => request.now <= now + ages.clockSkew,
    ({ request, ages, now }) => ({
      rule: `the Request may be at most ${ages.clockSkew} s ahead of the clock`,
      given: `${request.now - now} s`,
    }),
  ),
  /** Was it asked at a root that still stands? */
  root: rule(
    'root',
    'ROOT_NOT_ACCEPTED',
    ['request', 'head'],
    ({ request, head }) => stands(request.root, head),
    ({ request }) => ({
      rule: "the Request's root must be the head's, or the one it lets stand",
      given: toHex(fieldToBytes(request.root)),
      hint: 'the registry has moved on, or removed a member: ask again',
    }),
  ),
}

/** The newest root; or its predecessor, for a bundle under way while a head was cut. After a removal there is none. */
export function stands(root: bigint, head: Pick<Head, 'root' | 'previousRoot'>): boolean {
  return root === head.root || (head.previousRoot !== 0n && root === head.previousRoot)
}

function strangers({ services, profile }: Request, acceptance: AcceptancePolicy): readonly Uint8Array[] {
  const accepted = acceptance.services[profile]
  return services.filter((drv) => !accepted?.some((known) => equalBytes(known, drv)))
}

const unknownPolicies = ({ policies }: Request, acceptance: AcceptancePolicy): readonly bigint[] =>
  policies.filter((id) => !acceptance.policies.includes(id))
