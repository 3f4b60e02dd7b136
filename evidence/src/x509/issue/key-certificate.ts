import { DER_TAG } from '../../core/der/der.js'
import { integer, sequence, value } from '../../core/der/write.js'
import { KEY_USAGE, USE } from '../key-usage.js'
import { certificate, commonNamed, criticalExtension, extension } from './certificates.js'
import type { Issuer } from './schemes.js'

/** What the certificate of a key says that signs evidence, or that issues such certificates. */
export interface KeyCertificate {
  readonly serial: number
  readonly commonName: string
  readonly spki: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
  /** How many issuers may stand below it; absent for one that issues nothing. */
  readonly pathLength?: number
  /** The bits of keyUsage: digitalSignature, or keyCertSign and cRLSign, unless a test wants a key that must not do what it does. */
  readonly keyUsage?: number
  /** Further extensions, not critical, by their identifier. */
  readonly extensions?: readonly (readonly [id: string, content: Uint8Array])[]
}

const BASIC_CONSTRAINTS = '2.5.29.19'
const TRUE = value(DER_TAG.BOOLEAN, Uint8Array.of(0xff))

/** Issues a certificate (RFC 5280, 4.1) that says of a key what it is for. */
export function keyCertificate(
  { serial, commonName, pathLength, keyUsage, extensions = [], ...content }: KeyCertificate,
  issuer: Issuer,
): Promise<Uint8Array> {
  const mayIssue = pathLength === undefined ? sequence() : sequence(TRUE, integer(pathLength))
  const usage =
    keyUsage ?? (pathLength === undefined ? USE.DIGITAL_SIGNATURE : USE.CERTIFICATE_SIGN | USE.LIST_SIGN)
  return certificate(
    {
      ...content,
      serial: Uint8Array.of(serial),
      subject: commonNamed(commonName),
      extensions: [
        criticalExtension(BASIC_CONSTRAINTS, mayIssue),
        criticalExtension(KEY_USAGE, bits(usage)),
        ...extensions.map(([id, value]) => extension(id, value)),
      ],
    },
    issuer,
  )
}

/** The highest bit is the first; those behind the lowest that is set are left out (X.690, 11.2.2). */
function bits(usage: number): Uint8Array {
  const unused = Math.clz32(usage & -usage) ^ 31
  return value(DER_TAG.BIT_STRING, Uint8Array.of(unused, usage))
}
