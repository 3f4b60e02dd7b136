import { concat } from '@vouch/protocol'
import { context, TAG } from '../der/der.js'
import { bitString, integer, oid, sequence, time, value } from '../der/write.js'
import { owned } from '../x509/algorithms.js'

/** Who signs simulated certificates by ECDSA over P-384. */
export interface SimulatedIssuer {
  readonly subject: Uint8Array
  readonly key: CryptoKey
}

export interface CertificateContent {
  readonly serial: number
  readonly commonName: string
  readonly spki: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
  /** How many issuers may stand below it; absent for one that issues nothing. */
  readonly pathLength?: number
  /** Further extensions, not critical, by their identifier. */
  readonly extensions?: readonly (readonly [id: string, content: Uint8Array])[]
}

const ECDSA_SHA384 = sequence(oid('1.2.840.10045.4.3.3'))
const KEY_CERT_SIGN = Uint8Array.of(2, 0x04)
const DIGITAL_SIGNATURE = Uint8Array.of(7, 0x80)
const TRUE = value(TAG.BOOLEAN, Uint8Array.of(0xff))

/** A name of one common name. */
export function nameOf(commonName: string): Uint8Array {
  const text = value(TAG.UTF8_STRING, new TextEncoder().encode(commonName))
  return sequence(value(TAG.SET, sequence(oid('2.5.4.3'), text)))
}

/** Issues a certificate (RFC 5280, 4.1) as vendors that sign by ECDSA do. */
export async function issueCertificate(
  { serial, commonName, spki, notBefore, notAfter, pathLength, extensions = [] }: CertificateContent,
  issuer: SimulatedIssuer,
): Promise<Uint8Array> {
  const critical = (id: string, content: Uint8Array): Uint8Array =>
    sequence(oid(id), TRUE, value(TAG.OCTET_STRING, content))
  const mayIssue = pathLength === undefined ? sequence() : sequence(TRUE, integer(pathLength))
  const usage = pathLength === undefined ? DIGITAL_SIGNATURE : KEY_CERT_SIGN
  const tbs = sequence(
    value(context(0), integer(2)),
    integer(serial),
    ECDSA_SHA384,
    issuer.subject,
    sequence(time(notBefore), time(notAfter)),
    nameOf(commonName),
    spki,
    value(
      context(3),
      sequence(
        critical('2.5.29.19', mayIssue),
        critical('2.5.29.15', value(TAG.BIT_STRING, usage)),
        ...extensions.map(([id, content]) => sequence(oid(id), value(TAG.OCTET_STRING, content))),
      ),
    ),
  )
  return sequence(tbs, ECDSA_SHA384, bitString(ecdsaValue(await signRaw(issuer.key, tbs))))
}

/** r and s side by side, as COSE wants them. */
export async function signRaw(key: CryptoKey, content: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: 'ECDSA', hash: 'SHA-384' }
  return new Uint8Array(await crypto.subtle.sign(algorithm, key, owned(content)))
}

/** r and s as X.509 wants them. */
function ecdsaValue(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2
  return sequence(unsigned(raw.subarray(0, half)), unsigned(raw.subarray(half)))
}

function unsigned(number: Uint8Array): Uint8Array {
  const digits = number.subarray(number.findIndex((byte) => byte !== 0))
  const sign = (digits[0] ?? 0) < 0x80 ? new Uint8Array() : new Uint8Array(1)
  return value(TAG.INTEGER, concat(sign, digits))
}

/** A private key that is public, for signing with. */
export function signingKey(pkcs8: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', owned(pkcs8), { name: 'ECDSA', namedCurve: 'P-384' }, false, [
    'sign',
  ])
}
