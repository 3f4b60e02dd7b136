import { askHash, equalBytes, type Request, requestHash, toHex } from '@vouch/protocol'
import { rule } from './rule.js'

/** Is it about what Bob asked? A proof for another Request may be perfectly good, and says nothing here. */
export const ANSWER = {
  asks: rule(
    'answer',
    'ASKS_MISMATCH',
    ['request'],
    ({ request }) => request.asks.kind === 'answer',
    ({ request }) => ({
      rule: 'the Request must ask for an answer',
      given: request.asks.kind,
      hint: 'a session is opened by a grant: no answer opens one',
    }),
  ),
  request: rule(
    'answer',
    'REQUEST_MISMATCH',
    ['bundle', 'request'],
    ({ bundle, request }) => bundle.request === requestHash(request),
    () => ({
      rule: 'the bundle must answer this Request',
      hint: 'its proof speaks of another Request and was not checked',
    }),
  ),
}

/**
 * Was the response given for this Request, or lately enough? A challenge alone dates the proof, not the response. And was
 * it given to the question that was asked?
 */
export const ENVELOPE = {
  nonce: rule(
    'freshness',
    'NONCE_MISMATCH',
    ['envelope', 'request'],
    ({ envelope, request }) => equalBytes(envelope.clientNonce, request.challenge),
    () => ({
      rule: "the envelope's client nonce must be the Request's challenge",
      hint: 'the response was given to another client, or before the challenge',
    }),
    ({ request }) => request.freshness.kind === 'challenge',
  ),
  age: rule(
    'freshness',
    'RESPONSE_TOO_OLD',
    ['envelope', 'request', 'ages', 'now'],
    ({ envelope, request, ages, now }) => envelope.time >= now - oldest(request) - ages.grace,
    ({ envelope, request, now }) => ({
      rule: `the response must be at most ${oldest(request)} s old`,
      given: `${now - envelope.time} s`,
    }),
    ({ request }) => request.freshness.kind === 'max_age',
  ),
  ahead: rule(
    'freshness',
    'RESPONSE_FROM_FUTURE',
    ['envelope', 'ages', 'now'],
    ({ envelope, ages, now }) => envelope.time <= now + ages.clockSkew,
    ({ envelope, ages, now }) => ({
      rule: `the response may be at most ${ages.clockSkew} s ahead of the clock`,
      given: `${envelope.time - now} s`,
    }),
  ),
  /** The service signed a salted hash of what it was asked: without the salt, no one can show what it answered. */
  asked: rule(
    'envelope',
    'ASK_MISMATCH',
    ['envelope', 'request'],
    ({ envelope, request }) => equalBytes(envelope.askHash, request.askHash ?? new Uint8Array()),
    ({ envelope }) => ({
      rule: "the envelope must answer the Request's own question",
      given: toHex(envelope.askHash),
    }),
    ({ request }) => request.askHash !== undefined,
  ),
  /** It needs nothing but the envelope to be found false. */
  opening: rule(
    'envelope',
    'OPENING_FALSE',
    ['envelope', 'opening'],
    ({ envelope, opening }) => equalBytes(envelope.askHash, askHash(opening.salt, opening.message)),
    () => ({
      rule: 'what is said to have been asked must be what the envelope answers',
      hint: 'salt and message must be those that the service was asked with',
    }),
  ),
}

/** The oldest response that a Request takes: where a challenge dates it, none that is older than the challenge. */
const oldest = ({ freshness }: Request): number => (freshness.kind === 'max_age' ? freshness.seconds : 0)
