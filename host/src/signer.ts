import { secp256k1 } from '@noble/curves/secp256k1.js'
import { assertLength, VouchError } from '@vouch/protocol'

/** A key on secp256k1 that signs, wherever it is kept: in a file, in a token, on another machine. */
export interface Signer {
  /** 33 bytes, compressed. */
  readonly publicKey: Uint8Array
  /** Signs a digest of 32 bytes: 64 bytes r ‖ s, with s in the lower half. */
  sign(digest: Uint8Array): Promise<Uint8Array>
  /** Lets go of the token, where there is one. */
  close?(): Promise<void>
}

const DIGEST_BYTES = 32

/**
 * A signer whose every signature holds under its public key before anyone sees it. A token with a fault gives its key away by
 * false signatures, and another machine may lie. Of the two signatures that ECDSA takes, hardware gives either: the one with
 * low s leaves.
 */
export function checkedSigner(unchecked: Signer): Signer {
  const { publicKey } = unchecked
  const close = unchecked.close?.bind(unchecked)
  return {
    publicKey,
    sign: async (digest) => {
      assertLength(digest, DIGEST_BYTES, 'digest')
      const signature = lowS(await unchecked.sign(digest))
      if (signature !== undefined && holds(signature, digest, publicKey)) return signature
      throw new VouchError('SIGNATURE_FALSE', {
        rule: 'a signer must sign what it is given, with the key that it names',
        hint: 'nothing was signed: find out what is wrong with the token or machine that keeps the key',
      })
    },
    ...(close === undefined ? {} : { close }),
  }
}

/** The signer of a secret key that is at hand. The secret is never shown. */
export function secretSigner(secret: Uint8Array): Signer {
  return checkedSigner({
    publicKey: publicKeyOf(secret),
    sign: async (digest) => secp256k1.sign(digest, secret, { prehash: false }),
  })
}

function publicKeyOf(secret: Uint8Array): Uint8Array {
  try {
    return secp256k1.getPublicKey(secret)
  } catch {
    // Zero, or past the curve's order; the library would quote it.
    throw new VouchError('KEY_MALFORMED', { rule: 'the key must be one that can sign' })
  }
}

/** The signature with low s; nothing for bytes that are no signature. */
function lowS(bytes: Uint8Array): Uint8Array | undefined {
  try {
    const { r, s } = secp256k1.Signature.fromBytes(bytes, 'compact')
    const { ORDER } = secp256k1.Point.Fn
    return new secp256k1.Signature(r, s > ORDER / 2n ? ORDER - s : s).toBytes('compact')
  } catch {
    return undefined // another length, or r or s out of range
  }
}

function holds(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true })
  } catch {
    return false // what is no point on the curve has signed nothing
  }
}
