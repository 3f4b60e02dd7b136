import type { Backend, CircuitName } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  assertKind,
  assertShape,
  type Bundle,
  Checks,
  type Head,
  type Opening,
  type Request,
  type Shape,
} from '@vouch/protocol'
import { believed, judge } from './checks.js'
import { provenBy, type Verdict, verdictOf } from './verdict.js'

/** What Bob believes already: all of it his own, none of it out of the bundle. */
export interface VerifyParameters {
  /** The Request that Bob made. */
  readonly request: Request
  /** Whom Bob believes. */
  readonly acceptance: AcceptancePolicy
  /** The newest head of the registry that Bob knows of. */
  readonly head: Head
  /** What Alice says was asked, in a reply or beside the bundle. It counts only if the envelope answers it. */
  readonly opening?: Opening | undefined
  /** The time to judge at, in seconds since 1970: now, or when the bundle was received. */
  readonly now: number
  /** Where proofs are verified. */
  readonly backend: Pick<Backend<CircuitName>, 'verify'>
}

const GIVEN: Shape<VerifyParameters> = {
  request: 'object',
  acceptance: 'object',
  head: 'object',
  now: 'time',
  backend: 'object',
}

/**
 * Judges a bundle, which is believed in nothing.
 *
 * Not checked: whether this bundle was seen before. A verifier that counts answers keeps their digests, or the challenges it
 * has seen answered. Nullifiers count credentials, not answers: one machine may hold several.
 */
export async function verify(bundle: Bundle, given: VerifyParameters): Promise<Verdict> {
  assertKind(bundle, 'object', 'verify: bundle')
  assertShape(given, GIVEN, 'verify: given')
  const { request, acceptance, head, opening, now, backend } = given
  if (opening !== undefined) assertKind(opening, 'object', 'verify: given.opening')
  const checks = new Checks()
  const { envelope } = await judge(checks, OFF_CHAIN, {
    ...{ bundle, request, head, now, backend, opening },
    ...believed(acceptance),
  })
  return verdictOf(checks, envelope && provenBy(bundle, envelope, request, opening))
}

/** The registry's head, what was asked, what answers it, and its proof. */
export const OFF_CHAIN = ['head', 'request', 'root', 'answer', 'envelope', 'freshness', 'proof'] as const
