import { beginsLike, type Mark } from '../resemblance.js'
import { contentAt, context, DER_TAG } from './der.js'

// What bytes are meant as, by the first tags of their DER. Whether they are it, reading them will tell.

type Tags = readonly Mark[]

const ANY: Mark = () => true
const SHORT: Mark = (length) => length < 0x80

/** X.690, 8.1.3: a length by itself, or behind a byte that says how many it has. */
const LENGTHS: readonly Tags[] = [[SHORT], [0x81, ANY], [0x82, ANY, ANY], [0x83, ANY, ANY, ANY]]

/** A sequence that begins with a sequence that begins with this, in every spelling of the two lengths. */
const nested = (...inside: Tags): readonly Tags[] =>
  LENGTHS.flatMap((outer) =>
    LENGTHS.map((inner) => [DER_TAG.SEQUENCE, ...outer, DER_TAG.SEQUENCE, ...inner, ...inside]),
  )

/** RFC 5280, 4.1: of version 3, which is written as [0] and 2. */
const CERTIFICATE = nested(context(0), 3, DER_TAG.INTEGER, 1, 2)
/** RFC 5280, 5.1: of version 2, which is written as 1, and then an algorithm; a request for a certificate has a name there. */
const REVOCATION_LIST = nested(DER_TAG.INTEGER, 1, 1, DER_TAG.SEQUENCE, SHORT, DER_TAG.OID)
/** RFC 5280, 4.1.2.7: an algorithm, whose identifier is of those that begin with 1.2.840. */
const PUBLIC_KEY = nested(DER_TAG.OID, SHORT, 0x2a, 0x86, 0x48)

const isLike = (bytes: Uint8Array, beginnings: readonly Tags[]): boolean =>
  beginnings.some((beginning) => beginsLike(bytes, beginning))

export const isMeantAsCertificate = (der: Uint8Array): boolean => isLike(der, CERTIFICATE)
export const isMeantAsList = (der: Uint8Array): boolean => isLike(der, REVOCATION_LIST)

/** A SubjectPublicKeyInfo, of whatever algorithm. */
export function isMeantAsPublicKey(der: Uint8Array): boolean {
  const algorithm = contentAt(der, 0) ?? 0
  const identifier = contentAt(der, algorithm) ?? 0
  const isOne =
    der[0] === DER_TAG.SEQUENCE && der[algorithm] === DER_TAG.SEQUENCE && der[identifier] === DER_TAG.OID
  return isOne || isLike(der, PUBLIC_KEY)
}

/** How many bytes the value has that bytes begin with, by its own word; all of them where it says more, or nothing. */
export function endOfValue(bytes: Uint8Array): number {
  const content = contentAt(bytes, 0)
  if (content === undefined || content > bytes.length) return bytes.length
  const digits = bytes.subarray(2, content)
  const length = digits.length === 0 ? (bytes[1] ?? 0) : digits.reduce((sum, byte) => sum * 256 + byte, 0)
  return Math.min(content + length, bytes.length)
}
