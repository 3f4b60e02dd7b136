import {
  askHash,
  type Bundle,
  decodeEnvelope,
  type Envelope,
  equalBytes,
  type Opening,
  type Request,
  toHex,
} from '@vouch/protocol'
import type { Checklist } from './verdict.js'

/** What is judged of the envelope, beside the bundle it is in. */
export interface EnvelopeParameters {
  readonly request: Request
  /** What Alice says was asked. */
  readonly opening?: Opening | undefined
  readonly now: number
  readonly clockSkew: number
}

/** Reads the envelope, and judges when it was given and to what question. Nothing is returned where it cannot be read. */
export function checkEnvelope(
  checks: Checklist,
  bundle: Bundle,
  { request, opening, now, clockSkew }: EnvelopeParameters,
): Envelope | undefined {
  const envelope = readEnvelope(checks, bundle)
  if (envelope === undefined) return undefined
  checkFreshness(checks, envelope, request, now, clockSkew)
  checkAsked(checks, envelope, request)
  checkOpening(checks, envelope, opening)
  return envelope
}

export function readEnvelope(checks: Checklist, bundle: Bundle): Envelope | undefined {
  return checks.attempt('the envelope must be well formed', () => decodeEnvelope(bundle.envelope))
}

/** Was that what was asked? The service signed a salted hash of it: without the salt, no one can show what it answered. */
export function checkAsked(checks: Checklist, envelope: Envelope, request: Request): void {
  if (request.askHash === undefined) return
  checks.require(equalBytes(envelope.askHash, request.askHash), 'ASK_MISMATCH', {
    rule: "the envelope must answer the Request's own question",
    given: toHex(envelope.askHash),
  })
}

/** Is that what was asked, as Alice says? It needs nothing but the envelope to be found false. */
export function checkOpening(checks: Checklist, envelope: Envelope, opening: Opening | undefined): void {
  if (opening === undefined) return
  const { salt, message } = opening
  checks.require(equalBytes(envelope.askHash, askHash(salt, message)), 'OPENING_FALSE', {
    rule: 'what is said to have been asked must be what the envelope answers',
    hint: 'salt and message must be those that the service was asked with',
  })
}

/** Was the response given for this Request, or lately enough? A challenge alone dates the proof, not the response. */
export function checkFreshness(
  checks: Checklist,
  envelope: Envelope,
  { freshness, challenge }: Request,
  now: number,
  clockSkew: number,
): void {
  if (freshness.kind === 'challenge') {
    checks.require(equalBytes(envelope.clientNonce, challenge), 'NONCE_MISMATCH', {
      rule: "the envelope's client nonce must be the Request's challenge",
      hint: 'the response was given to another client, or before the challenge',
    })
  } else {
    checks.require(envelope.time >= now - freshness.seconds - clockSkew, 'RESPONSE_TOO_OLD', {
      rule: `the response must be at most ${freshness.seconds} s old`,
      given: `${now - envelope.time} s`,
    })
  }
  checks.require(envelope.time <= now + clockSkew, 'RESPONSE_FROM_FUTURE', {
    rule: `the response may be at most ${clockSkew} s ahead of the clock`,
    given: `${envelope.time - now} s`,
  })
}
