import { VouchError } from '@vouch/protocol'
import { context, DER_TAG, type Der, parseDer } from '../core/der/der.js'
import { Fields, oidText, only, smallInteger } from '../core/der/fields.js'
import { importKey, owned } from './keys.js'
import { publicKeyType } from './public-key.js'

/** How a signature of one algorithm is checked with WebCrypto. */
interface SignatureAlgorithm {
  readonly key: RsaHashedImportParams | EcKeyImportParams
  readonly verify: Algorithm | RsaPssParams | EcdsaParams
  /** The signature as WebCrypto wants it; none when it is not well-formed. */
  readonly raw: (signature: Uint8Array) => Uint8Array | undefined
}

const SHA256_WITH_RSA = '1.2.840.113549.1.1.11'
const RSASSA_PSS = '1.2.840.113549.1.1.10'
const ECDSA_SHA256 = '1.2.840.10045.4.3.2'
const ECDSA_SHA384 = '1.2.840.10045.4.3.3'
const MGF1 = '1.2.840.113549.1.1.8'
const SHA_384 = '2.16.840.1.101.3.4.2.2'
const SALT_BYTES = 48

/** The algorithms of the vendors' certificates, by identifier. Anything else is not guessed at. */
const ALGORITHMS: ReadonlyMap<
  string,
  (parameters: Der | undefined, spki: Uint8Array) => SignatureAlgorithm | undefined
> = new Map([
  [RSASSA_PSS, pssWithSha384],
  [SHA256_WITH_RSA, pkcs1WithSha256],
  [ECDSA_SHA256, ecdsaWith('SHA-256')],
  [ECDSA_SHA384, ecdsaWith('SHA-384')],
])

/** Whether this key made this signature over these bytes. */
export async function isSigned(
  spki: Uint8Array,
  { algorithm, signature, content }: { algorithm: Der; signature: Uint8Array; content: Uint8Array },
): Promise<boolean> {
  const [identifier, parameters] = algorithm.parts
  const oid = identifier?.tag === DER_TAG.OID ? oidText(identifier) : 'none'
  const known = ALGORITHMS.get(oid)?.(parameters, spki)
  if (known === undefined || algorithm.parts.length > 2) {
    throw new VouchError('ALGORITHM_UNKNOWN', {
      rule: 'a certificate must be signed by RSASSA-PSS with SHA-384 and a salt of 48 bytes, by RSA with SHA-256, or by ECDSA',
      given: oid,
    })
  }
  const key = await importKey(spki, known.key)
  const raw = known.raw(signature)
  return raw !== undefined && crypto.subtle.verify(known.verify, key, owned(raw), owned(content))
}

/** Whether this key made this ECDSA signature, of r and s side by side, over these bytes. */
export function isSignedRaw(
  key: CryptoKey,
  hash: string,
  signature: Uint8Array,
  content: Uint8Array,
): Promise<boolean> {
  return crypto.subtle.verify({ name: 'ECDSA', hash }, key, owned(signature), owned(content))
}

/**
 * RSASSA-PSS-params (RFC 8017, A.2.3) with SHA-384 throughout. The trailer field may be spelled out although 1 is its
 * default: AMD's certificates do so.
 */
function pssWithSha384(parameters: Der | undefined): SignatureAlgorithm | undefined {
  if (parameters?.tag !== DER_TAG.SEQUENCE) return undefined
  const fields = new Fields(parameters, 'RSASSA-PSS parameters')
  const hash = only(fields.take(context(0), 'hash'), DER_TAG.SEQUENCE, 'hash')
  const mask = only(fields.take(context(1), 'mask'), DER_TAG.SEQUENCE, 'mask')
  const salt = only(fields.take(context(2), 'salt length'), DER_TAG.INTEGER, 'salt length')
  const trailer = fields.optional(context(3))
  fields.end()
  const maskFields = new Fields(mask, 'mask')
  const isMgf1 = oidText(maskFields.take(DER_TAG.OID, 'identifier')) === MGF1
  const maskHash = maskFields.take(DER_TAG.SEQUENCE, 'hash')
  maskFields.end()
  const isTrailerOne =
    trailer === undefined || smallInteger(only(trailer, DER_TAG.INTEGER, 'trailer'), 'trailer') === 1
  const isKnown = isSha384(hash) && isMgf1 && isSha384(maskHash) && isTrailerOne
  if (!isKnown || smallInteger(salt, 'salt length') !== SALT_BYTES) return undefined
  return {
    key: { name: 'RSA-PSS', hash: 'SHA-384' },
    verify: { name: 'RSA-PSS', saltLength: SALT_BYTES },
    raw: (signature) => signature,
  }
}

/** RFC 4055, 5: RSASSA-PKCS1-v1_5, whose parameters are NULL and nothing else. */
function pkcs1WithSha256(parameters: Der | undefined): SignatureAlgorithm | undefined {
  if (parameters?.tag !== DER_TAG.NULL) return undefined
  return {
    key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
    verify: { name: 'RSASSA-PKCS1-v1_5' },
    raw: (signature) => signature,
  }
}

/** RFC 4055, 2.1: the parameters of a hash are NULL or left out, and both are to be taken. */
function isSha384(algorithm: Der): boolean {
  const fields = new Fields(algorithm, 'hash')
  const oid = oidText(fields.take(DER_TAG.OID, 'identifier'))
  fields.optional(DER_TAG.NULL)
  fields.end()
  return oid === SHA_384
}

/** RFC 5758, 3.2: ECDSA has no parameters. The curve is the key's. */
function ecdsaWith(
  hash: 'SHA-256' | 'SHA-384',
): (parameters: Der | undefined, spki: Uint8Array) => SignatureAlgorithm | undefined {
  return (parameters, spki) => {
    const key = publicKeyType(spki)
    if (parameters !== undefined || key.type !== 'ec') return undefined
    return {
      key: { name: 'ECDSA', namedCurve: key.curve },
      verify: { name: 'ECDSA', hash },
      raw: (signature) => sideBySide(signature, key.bytes),
    }
  }
}

/** Ecdsa-Sig-Value (RFC 3279, 2.2.3) as r and s of the curve's size. */
function sideBySide(signature: Uint8Array, size: number): Uint8Array | undefined {
  const pair = parseDer(signature, 'signature')
  if (pair.tag !== DER_TAG.SEQUENCE) return undefined
  const fields = new Fields(pair, 'signature')
  const numbers = [fields.take(DER_TAG.INTEGER, 'r'), fields.take(DER_TAG.INTEGER, 's')]
  fields.end()
  const raw = new Uint8Array(2 * size)
  for (const [i, { content }] of numbers.entries()) {
    const digits = content[0] === 0 ? content.subarray(1) : content
    const isNegative = (content[0] ?? 0) >= 0x80
    if (isNegative || digits.length > size) return undefined
    raw.set(digits, (i + 1) * size - digits.length)
  }
  return raw
}
