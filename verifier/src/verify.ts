import type { Backend, CircuitName } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  assertKind,
  assertShape,
  type Bundle,
  type Head,
  type Opening,
  type Request,
  type Shape,
} from '@vouch/protocol'
import { checkEnvelope } from './envelope.js'
import { checkHead, checkHeadSignature } from './head.js'
import { checkAnswer, checkProof, skipProof } from './proof.js'
import { checkRequest, checkRoot } from './request.js'
import { Checklist, provenBy, type Verdict } from './verdict.js'

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
  const checks = new Checklist()

  // 1. The registry's head is genuine, Bob's registry's, and recent.
  checkHeadSignature(checks, head)
  checkHead(checks, head, acceptance, now)

  // 2. The Request asks for no less than the acceptance policy it commits to.
  checkRequest(checks, request, acceptance, now)
  checkRoot(checks, request, head)

  // 3. The bundle answers this very Request.
  const isAnswer = checkAnswer(checks, bundle, request)

  // 4. What was signed is an envelope, fresh, and to the question that was asked.
  const { clockSkew } = acceptance
  const envelope = checkEnvelope(checks, bundle, { request, opening, now, clockSkew })

  // 5. A key of an accepted service, in a tree that an accepted policy admitted, signed that envelope.
  if (isAnswer) await checkProof(checks, bundle, request, backend)
  else skipProof(checks)

  return checks.verdict(envelope && provenBy(bundle, envelope, request, opening))
}
