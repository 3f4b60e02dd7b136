import { context, DER_TAG } from '../../core/der/der.js'
import { bitString, integer, oid, sequence, time, unsigned, value } from '../../core/der/write.js'
import type { Issuer } from './schemes.js'

/** What every certificate says. */
export interface CertificateContent {
  readonly serial: Uint8Array
  readonly subject: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
  readonly spki: Uint8Array
  readonly extensions: readonly Uint8Array[]
}

/** A name that is nothing but a common name. */
export const commonNamed = (commonName: string): Uint8Array =>
  sequence(
    value(
      DER_TAG.SET,
      sequence(oid('2.5.4.3'), value(DER_TAG.UTF8_STRING, new TextEncoder().encode(commonName))),
    ),
  )

/** An extension that is not critical. */
export const extension = (id: string, content: Uint8Array): Uint8Array =>
  sequence(oid(id), value(DER_TAG.OCTET_STRING, content))

export const criticalExtension = (id: string, content: Uint8Array): Uint8Array =>
  sequence(oid(id), value(DER_TAG.BOOLEAN, Uint8Array.of(0xff)), value(DER_TAG.OCTET_STRING, content))

/** Issues a certificate. */
export function certificate(
  { serial, subject, notBefore, notAfter, spki, extensions }: CertificateContent,
  issuer: Issuer,
): Promise<Uint8Array> {
  const tbs = sequence(
    value(context(0), integer(2)),
    unsigned(serial),
    issuer.scheme.identifier,
    issuer.subject,
    sequence(time(notBefore), time(notAfter)),
    subject,
    spki,
    value(context(3), sequence(...extensions)),
  )
  return signed(tbs, issuer)
}

/** What a simulated revocation list says. */
export interface SimulatedRevocation {
  readonly thisUpdate: number
  readonly nextUpdate: number
  /** Serial numbers, as the content of their DER integers. */
  readonly revoked: readonly Uint8Array[]
}

/** Signs a revocation list. */
export function simulatedRevocationList(
  { thisUpdate, nextUpdate, revoked }: SimulatedRevocation,
  issuer: Issuer,
): Promise<Uint8Array> {
  const entries = revoked.map((serial) => sequence(value(DER_TAG.INTEGER, serial), time(thisUpdate)))
  const tbs = sequence(
    integer(1),
    issuer.scheme.identifier,
    issuer.subject,
    time(thisUpdate),
    time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    value(context(0), sequence(extension('2.5.29.20', integer(1)))),
  )
  return signed(tbs, issuer)
}

async function signed(tbs: Uint8Array, { key, scheme }: Issuer): Promise<Uint8Array> {
  return sequence(tbs, scheme.identifier, bitString(await scheme.sign(key, tbs)))
}
