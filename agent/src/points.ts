import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type PublicKey, toInteger, VouchError } from '@vouch/protocol'

/** Refuses what is no point of secp256k1: no signature ever holds under it, and circuits would be handed it. */
export function assertPoint({ x, y }: PublicKey): void {
  try {
    secp256k1.Point.fromAffine({ x: toInteger(x), y: toInteger(y) }).assertValidity()
  } catch {
    throw new VouchError('KEY_MALFORMED', { rule: 'a public key must be a point of secp256k1' })
  }
}
