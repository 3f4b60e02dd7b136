import { VouchError } from '@vouch/protocol'
import { DER_TAG, parseDer } from '../core/der/der.js'
import { Fields, oidText, wholeBytes } from '../core/der/fields.js'
import { bitString, oid, sequence, unsigned, value } from '../core/der/write.js'

/** What a SubjectPublicKeyInfo holds. */
export type PublicKeyType =
  | { readonly type: 'rsa'; readonly bytes: number }
  | {
      readonly type: 'ec'
      readonly curve: 'P-256' | 'P-384' | 'P-521'
      readonly bytes: number
      /** x and y, big-endian. */
      readonly point: Uint8Array
    }

const RSA_ENCRYPTION = '1.2.840.113549.1.1.1'
const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const UNCOMPRESSED = 4
/** 2048 bits: NIST SP 800-57 has shorter ones retired since 2013. */
const MIN_RSA_BYTES = 256

const CURVES: ReadonlyMap<string, { readonly curve: 'P-256' | 'P-384' | 'P-521'; readonly bytes: number }> =
  new Map([
    ['1.2.840.10045.3.1.7', { curve: 'P-256', bytes: 32 }],
    ['1.3.132.0.34', { curve: 'P-384', bytes: 48 }],
    ['1.3.132.0.35', { curve: 'P-521', bytes: 66 }],
  ])

/** Which type of key a SubjectPublicKeyInfo holds (RFC 3279, 2.3; RFC 5480, 2), and how many bytes its signatures have. */
export function publicKeyType(spki: Uint8Array): PublicKeyType {
  const { algorithm, key } = partsOf(spki)
  const fields = new Fields(algorithm, 'public key algorithm')
  const type = oidText(fields.take(DER_TAG.OID, 'identifier'))
  if (type === RSA_ENCRYPTION) {
    const numbers = new Fields(parseDer(key, 'RSA public key'), 'RSA public key')
    const { content } = numbers.take(DER_TAG.INTEGER, 'modulus')
    const bytes = content.length - (content[0] === 0 ? 1 : 0)
    if (bytes < MIN_RSA_BYTES) throw unknown(`RSA of ${8 * bytes} bits`)
    return { type: 'rsa', bytes }
  }
  const curve = type === EC_PUBLIC_KEY ? CURVES.get(oidText(fields.take(DER_TAG.OID, 'curve'))) : undefined
  if (curve !== undefined) {
    fields.end()
    return { type: 'ec', ...curve, point: pointIn(key) }
  }
  throw unknown(type)
}

function unknown(given: string): VouchError {
  return new VouchError('ALGORITHM_UNKNOWN', {
    rule: 'a public key must be RSA of 2048 bits or more, or on one of the curves P-256, P-384 and P-521',
    given,
  })
}

/** RFC 5480, 2.2: the coordinates of an uncompressed point. */
function pointIn(key: Uint8Array): Uint8Array {
  if (key[0] === UNCOMPRESSED) return key.subarray(1)
  throw new VouchError('KEY_MALFORMED', { rule: 'a public key must be an uncompressed point' })
}

/** Refuses bytes that are no SubjectPublicKeyInfo of a known type, to the last byte. */
export function assertPublicKey(spki: Uint8Array): Uint8Array {
  publicKeyType(spki)
  return spki
}

function partsOf(spki: Uint8Array) {
  const fields = new Fields(parseDer(spki, 'public key'), 'public key')
  const algorithm = fields.take(DER_TAG.SEQUENCE, 'algorithm')
  const key = wholeBytes(fields.take(DER_TAG.BIT_STRING, 'key'), 'public key')
  fields.end()
  return { algorithm, key }
}

/** The SubjectPublicKeyInfo of an RSA key, from its numbers as big-endian bytes. */
export function rsaPublicKey(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  return sequence(
    sequence(oid(RSA_ENCRYPTION), value(DER_TAG.NULL)),
    bitString(sequence(unsigned(modulus), unsigned(exponent))),
  )
}

/** The SubjectPublicKeyInfo of a point on a curve, its coordinates as long as the curve has them. */
export function ecPublicKey(curve: 'P-256' | 'P-384' | 'P-521', x: Uint8Array, y: Uint8Array): Uint8Array {
  const [id = '', { bytes } = { bytes: 0 }] = [...CURVES].find(([, known]) => known.curve === curve) ?? []
  const point = new Uint8Array(1 + 2 * bytes)
  point[0] = UNCOMPRESSED
  point.set(x, 1 + bytes - x.length)
  point.set(y, 1 + 2 * bytes - y.length)
  return sequence(sequence(oid(EC_PUBLIC_KEY), oid(id)), bitString(point))
}
