import type { Backend, CircuitName } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  assertKind,
  type Bundle,
  type Head,
  type Opening,
  type Request,
  type VouchError,
} from '@vouch/protocol'
import { checkAsked, checkFreshness, checkOpening, readEnvelope } from './envelope.js'
import { checkHead, checkHeadSignature } from './head.js'
import { checkAnswer, checkProof, skipProof } from './proof.js'
import { checkRequest, checkRoot } from './request.js'
import { Checklist, type Verdict } from './verdict.js'

/** What could be read, when not everything could. */
export interface Readable {
  readonly bundle?: Bundle | undefined
  readonly request?: Request | undefined
  readonly acceptance?: AcceptancePolicy | undefined
  readonly head?: Head | undefined
  readonly opening?: Opening | undefined
}

/**
 * The verdict when something could not be read. Every check whose own inputs are there is carried out, because what is
 * false is graver than what is unreadable: a forged head, or a false proof, must not hide behind a broken file.
 */
export async function undecided(
  errors: readonly VouchError[],
  { bundle, request, acceptance, head, opening }: Readable,
  now: number,
  backend: Pick<Backend<CircuitName>, 'verify'>,
): Promise<Verdict> {
  assertKind(errors, 'list', 'undecided: errors')
  assertKind(now, 'time', 'undecided: now')
  assertKind(backend, 'object', 'undecided: backend')
  const checks = new Checklist()
  for (const error of errors) checks.refuse(error.rule, error)
  if (head !== undefined) checkHeadSignature(checks, head)
  if (head !== undefined && acceptance !== undefined) checkHead(checks, head, acceptance, now)
  if (request !== undefined && acceptance !== undefined) checkRequest(checks, request, acceptance, now)
  if (request !== undefined && head !== undefined) checkRoot(checks, request, head)
  const envelope = bundle === undefined ? undefined : readEnvelope(checks, bundle)
  if (envelope !== undefined) {
    checkOpening(checks, envelope, opening)
    if (request !== undefined) checkAsked(checks, envelope, request)
    if (request !== undefined && acceptance !== undefined)
      checkFreshness(checks, envelope, request, now, acceptance.clockSkew)
  }
  if (request !== undefined && bundle !== undefined) {
    if (checkAnswer(checks, bundle, request)) await checkProof(checks, bundle, request, backend)
    else skipProof(checks)
  }
  return checks.verdict(undefined)
}
