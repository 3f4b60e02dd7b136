import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  type Answer,
  ASKED_TIME_SKEW,
  type Ask,
  askHash,
  CLOCK_STEP,
  encodeEnvelope,
  PROFILES,
  type ProfileName,
  type PublicKey,
  publicKeyFromUncompressed,
  VouchError,
} from '@vouch/protocol'

/** What a service says to a message. Verifiers see all of it: it must not name machine, instance, process or key. */
export type Respond = (message: Uint8Array) => Uint8Array | Promise<Uint8Array>

/** A key, and the one profile that it ever signs under. */
export interface EnvelopeSigner {
  readonly secretKey: Uint8Array
  readonly profile: ProfileName
}

/** Puts a response into the envelope that answers an ask. */
export function envelopeFor(
  { clientNonce, salt, message, now: asked }: Ask,
  payload: Uint8Array,
  clock: number,
): Uint8Array {
  const time = asked ?? clock - (clock % CLOCK_STEP)
  return encodeEnvelope({ clientNonce, time, askHash: askHash(salt, message), payload })
}

/** Refuses to date an answer otherwise than it is: what a client asks for may differ from the clock by two minutes. */
export function assertTimeToAsk({ now }: Pick<Ask, 'now'>, clock: number): void {
  if (now === undefined || Math.abs(now - clock) <= ASKED_TIME_SKEW) return
  throw new VouchError('ASKED_TIME_REFUSED', {
    rule: `the ask's now must be within ${ASKED_TIME_SKEW} s of the service's clock`,
    given: `${now}`,
    hint: 'ask with the minute that it is now, or without',
  })
}

/**
 * The only place where the key signs. It is handed an envelope of this service's own making: a digest that a caller
 * chose could be signed into anything, and bytes that a caller chose into a response that was never given.
 */
export function signEnvelope(envelope: Uint8Array, { secretKey, profile }: EnvelopeSigner): Answer {
  const digest = PROFILES[profile].digest(envelope)
  const signature = secp256k1.sign(digest, secretKey, { prehash: false, lowS: true, format: 'compact' })
  return { version: 1, envelope, signature }
}

export function publicKeyOf({ secretKey }: Pick<EnvelopeSigner, 'secretKey'>): PublicKey {
  return publicKeyFromUncompressed(secp256k1.getPublicKey(secretKey, false))
}
