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
} from '@vouch/protocol'
import type { Checklist } from './verdict.js'

/** Is what was asked what Bob's policy asks for? A Request may have been made long ago, or by another program. */
export function checkRequest(
  checks: Checklist,
  request: Request,
  acceptance: AcceptancePolicy,
  now: number,
): void {
  checks.require(request.acceptance === acceptanceHash(acceptance), 'ACCEPTANCE_MISMATCH', {
    rule: 'the Request must commit to this acceptance policy',
    hint: 'judge with the acceptance policy that the Request was made from',
  })
  checks.require(equalBytes(request.registryId, acceptance.registry.id), 'REGISTRY_NOT_ACCEPTED', {
    rule: "the Request must name the acceptance policy's registry",
    given: toHex(request.registryId),
  })
  checkLists(checks, request, acceptance)
  checks.require(isAsStrict(request.freshness, acceptance.freshness), 'FRESHNESS_TOO_WEAK', {
    rule: 'the Request must ask for responses at least as fresh as the acceptance policy does',
    given: request.freshness.kind,
  })
  checks.require(request.now >= now - acceptance.requestAge - acceptance.clockSkew, 'REQUEST_TOO_OLD', {
    rule: `the Request must be at most ${acceptance.requestAge} s old`,
    given: `${now - request.now} s`,
    hint: 'to judge a bundle that was kept, give the time it was received',
  })
  checks.require(request.now <= now + acceptance.clockSkew, 'REQUEST_FROM_FUTURE', {
    rule: `the Request may be at most ${acceptance.clockSkew} s ahead of the clock`,
    given: `${request.now - now} s`,
  })
}

/** Was it asked at a root that still stands? */
export function checkRoot(checks: Checklist, request: Request, head: Head): void {
  checks.require(isAcceptableRoot(request.root, head), 'ROOT_NOT_ACCEPTED', {
    rule: "the Request's root must be the head's, or the one it lets stand",
    given: toHex(fieldToBytes(request.root)),
    hint: 'the registry has moved on, or removed a member: ask again',
  })
}

/** The newest root; or its predecessor, for a bundle under way while a head was cut. After a removal there is none. */
function isAcceptableRoot(root: bigint, head: Head): boolean {
  return root === head.root || (head.previousRoot !== 0n && root === head.previousRoot)
}

/** R hides which service and which policy it was, so each that the Request lists must be accepted. */
function checkLists(checks: Checklist, request: Request, acceptance: AcceptancePolicy): void {
  const accepted = acceptance.services[request.profile]
  checks.require(accepted !== undefined, 'PROFILE_NOT_ACCEPTED', {
    rule: "the Request's digest profile must be accepted",
    given: request.profile,
  })
  const strangers = request.services.filter((drv) => !accepted?.some((known) => equalBytes(known, drv)))
  checks.require(strangers.length === 0, 'SERVICE_NOT_ACCEPTED', {
    rule: 'every service in the Request must be accepted under its profile',
    given: shown(strangers.map(toHex).join(' ')),
  })
  const unknown = request.policies.filter((id) => !acceptance.policies.includes(id))
  checks.require(unknown.length === 0, 'POLICY_NOT_ACCEPTED', {
    rule: 'every admission policy in the Request must be accepted',
    given: shown(unknown.map((id) => toHex(fieldToBytes(id))).join(' ')),
  })
  checks.require(acceptance.simulated || !request.policies.some(isSimulated), 'SIMULATED_NOT_ACCEPTED', {
    rule: 'policies that admit simulated evidence must be accepted in so many words',
    hint: 'simulated evidence shows nothing: accept it in development alone',
  })
}
