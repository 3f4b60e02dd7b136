import { type Envelope, equalBytes, type Request } from '@vouch/protocol'
import type { Checklist } from './verdict.js'

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
      hint: 'the response was given to somebody else, or before the challenge',
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
