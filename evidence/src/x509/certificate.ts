import { equalBytes, VouchError } from '@vouch/protocol'
import { context, DER_TAG, type Der, parseDer } from '../core/der/der.js'
import { Fields, oidText, only, smallInteger, timeOf, wholeBytes } from '../core/der/fields.js'

/** An extension of a certificate or a revocation list. */
export interface Extension {
  readonly critical: boolean
  readonly value: Uint8Array
}

/** RFC 5280, 4.1. Parts that are signed, compared or hashed are kept as the bytes that were given. */
export interface Certificate {
  readonly der: Uint8Array
  readonly tbs: Uint8Array
  readonly serial: Uint8Array
  readonly signatureAlgorithm: Der
  readonly signature: Uint8Array
  readonly issuer: Uint8Array
  readonly subject: Uint8Array
  readonly commonName: string
  readonly notBefore: number
  readonly notAfter: number
  readonly spki: Uint8Array
  readonly extensions: ReadonlyMap<string, Extension>
}

/** Larger than any vendor's; what is longer is no certificate. */
const MAX_CERTIFICATE_BYTES = 16_384
const MAX_SERIAL_BYTES = 20

export function parseCertificate(der: Uint8Array): Certificate {
  if (der.length > MAX_CERTIFICATE_BYTES) {
    throw new VouchError('TOO_LARGE', {
      rule: `a certificate must be at most ${MAX_CERTIFICATE_BYTES} bytes`,
      given: `${der.length}`,
    })
  }
  const { tbs, signatureAlgorithm, signature } = signedParts(parseDer(der, 'certificate'), 'certificate')
  const fields = new Fields(tbs, 'certificate')
  const version = smallInteger(
    only(fields.take(context(0), 'version'), DER_TAG.INTEGER, 'version'),
    'version',
  )
  if (version !== 2) throw malformed('a certificate must have version 3')
  const serial = serialIn(fields)
  assertSame(signatureAlgorithm, fields.take(DER_TAG.SEQUENCE, 'signature algorithm'))
  const issuer = fields.take(DER_TAG.SEQUENCE, 'issuer')
  const validity = new Fields(fields.take(DER_TAG.SEQUENCE, 'validity'), 'validity')
  const [notBefore, notAfter] = [takeTime(validity, 'notBefore'), takeTime(validity, 'notAfter')]
  validity.end()
  const subject = fields.take(DER_TAG.SEQUENCE, 'subject')
  const spki = fields.take(DER_TAG.SEQUENCE, 'public key')
  const extensions = fields.optional(context(3))
  fields.end()
  return {
    der,
    tbs: tbs.raw,
    serial,
    signatureAlgorithm,
    signature,
    issuer: issuer.raw,
    subject: subject.raw,
    commonName: commonNameIn(subject),
    notBefore,
    notAfter,
    spki: spki.raw,
    extensions:
      extensions === undefined ? new Map() : extensionsIn(only(extensions, DER_TAG.SEQUENCE, 'extensions')),
  }
}

/** What certificates and revocation lists have in common: signed content, algorithm, signature. */
export function signedParts(
  value: Der,
  what: string,
): { readonly tbs: Der; readonly signatureAlgorithm: Der; readonly signature: Uint8Array } {
  if (value.tag !== DER_TAG.SEQUENCE) throw malformed(`a ${what} must be a sequence`)
  const fields = new Fields(value, what)
  const tbs = fields.take(DER_TAG.SEQUENCE, 'signed content')
  const signatureAlgorithm = fields.take(DER_TAG.SEQUENCE, 'signature algorithm')
  const signature = wholeBytes(fields.take(DER_TAG.BIT_STRING, 'signature'), 'signature')
  fields.end()
  return { tbs, signatureAlgorithm, signature }
}

/** The algorithm stands outside the signed content too, where anyone could change it. */
export function assertSame(outside: Der, inside: Der): void {
  if (!equalBytes(outside.raw, inside.raw))
    throw malformed('the signature algorithm must be the one that is signed')
}

/** RFC 5280, 4.1.2.2. AMD's are zero, and some authorities' are negative: a serial number is compared, not counted with. */
function serialIn(fields: Fields): Uint8Array {
  const { content } = fields.take(DER_TAG.INTEGER, 'serial number')
  const digits = content[0] === 0 ? content.length - 1 : content.length
  if (digits > MAX_SERIAL_BYTES)
    throw malformed(`a serial number must have at most ${MAX_SERIAL_BYTES} bytes`)
  return content
}

export function takeTime(fields: Fields, field: string): number {
  const time = fields.optional(DER_TAG.UTC_TIME) ?? fields.take(DER_TAG.GENERALIZED_TIME, field)
  return timeOf(time, field)
}

export function extensionsIn(list: Der): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>()
  for (const part of list.parts) {
    if (part.tag !== DER_TAG.SEQUENCE) throw malformed('an extension must be a sequence')
    const fields = new Fields(part, 'extension')
    const oid = oidText(fields.take(DER_TAG.OID, 'identifier'))
    const critical = fields.optional(DER_TAG.BOOLEAN)
    // FALSE is the default, and DER has no second spelling for a default (X.690, 11.5).
    if (critical?.content[0] === 0) throw malformed('an extension must not spell out that it is not critical')
    const value = fields.take(DER_TAG.OCTET_STRING, 'value').content
    fields.end()
    if (found.has(oid)) throw malformed('an extension must appear once')
    found.set(oid, { critical: critical !== undefined, value })
  }
  return found
}

/**
 * Extensions that say of a certificate, a list or an entry that it is worth less than it seems: nameConstraints,
 * policyConstraints, inhibitAnyPolicy, deltaCRLIndicator, issuingDistributionPoint and certificateIssuer. RFC 5280 has
 * each marked critical (4.2.1.10, 4.2.1.11, 4.2.1.14, 5.2.4, 5.2.5, 5.3.3). An issuer that forgets the mark means no less.
 */
const RESTRICTIONS: ReadonlySet<string> = new Set(
  [30, 36, 54, 27, 28, 29].map((number) => `2.5.29.${number}`),
)

/** An extension that must not be passed over, and is none of those that are understood. */
export function strangerAmong(
  extensions: ReadonlyMap<string, Extension>,
  understood: ReadonlySet<string>,
): string | undefined {
  const isStrange = ([oid, { critical }]: readonly [string, Extension]): boolean =>
    (critical || RESTRICTIONS.has(oid)) && !understood.has(oid)
  return [...extensions].find(isStrange)?.[0]
}

const COMMON_NAME = '2.5.4.3'

/** The common name, for messages and never for trust. Whoever wrote it may write on a person's terminal, so it is tamed. */
export function commonNameIn(subject: Der): string {
  for (const { parts } of subject.parts) {
    for (const { parts: attribute } of parts) {
      const [type, value] = attribute
      if (type?.tag === DER_TAG.OID && oidText(type) === COMMON_NAME && value !== undefined)
        return printable(value.content)
    }
  }
  return 'a certificate without a common name'
}

const MAX_NAME = 64

function printable(bytes: Uint8Array): string {
  const text = Array.from(bytes.subarray(0, MAX_NAME), (byte) =>
    byte >= 0x20 && byte <= 0x7e ? String.fromCharCode(byte) : '?',
  )
  return text.join('')
}

function malformed(rule: string): VouchError {
  return new VouchError('DER_MALFORMED', { rule })
}
