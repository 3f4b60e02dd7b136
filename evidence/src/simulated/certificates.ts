import { context, TAG } from '../der/der.js'
import { bitString, ia5, integer, oid, sequence, time, value } from '../der/write.js'
import { EXTENSION } from '../snp/endorsement.js'
import type { Endorsement, Tcb } from '../snp/types.js'
import { owned } from '../x509/algorithms.js'

/** What the certificate of a simulated chip's key says. */
export interface EndorsementCertificate {
  readonly type: Endorsement
  readonly product: string
  readonly tcb: Tcb
  readonly hwId: Uint8Array
  readonly notBefore: number
  readonly notAfter: number
}

/** RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt. */
const SHA_384 = sequence(oid('2.16.840.1.101.3.4.2.2'), value(TAG.NULL))
const PSS_SHA384 = sequence(
  oid('1.2.840.113549.1.1.10'),
  sequence(
    value(context(0), SHA_384),
    value(context(1), sequence(oid('1.2.840.113549.1.1.8'), SHA_384)),
    value(context(2), integer(48)),
  ),
)

const name = (commonName: string): Uint8Array =>
  sequence(
    value(TAG.SET, sequence(oid('2.5.4.3'), value(TAG.UTF8_STRING, new TextEncoder().encode(commonName)))),
  )

/** Issues the certificate of a VCEK or a VLEK, with AMD's extensions. */
export function endorsementCertificate(
  { type, product, tcb, hwId, notBefore, notAfter }: EndorsementCertificate,
  issuer: { readonly subject: Uint8Array; readonly key: CryptoKey },
  spki: Uint8Array,
): Promise<Uint8Array> {
  const extension = (id: string, content: Uint8Array): Uint8Array =>
    sequence(oid(id), value(TAG.OCTET_STRING, content))
  const tbs = sequence(
    value(context(0), integer(2)),
    integer(1),
    PSS_SHA384,
    issuer.subject,
    sequence(time(notBefore), time(notAfter)),
    name(`SIMULATED-${type.toUpperCase()}`),
    spki,
    value(
      context(3),
      sequence(
        extension(EXTENSION.structVersion, integer(0)),
        extension(EXTENSION.productName, ia5(product)),
        extension(EXTENSION.blSPL, integer(tcb.bootloader)),
        extension(EXTENSION.teeSPL, integer(tcb.tee)),
        extension(EXTENSION.snpSPL, integer(tcb.snp)),
        extension(EXTENSION.ucodeSPL, integer(tcb.microcode)),
        type === 'vcek' ? extension(EXTENSION.hwID, hwId) : extension(EXTENSION.cspID, ia5('CN=simulated')),
      ),
    ),
  )
  return signed(tbs, issuer.key)
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
  issuer: { readonly subject: Uint8Array; readonly key: CryptoKey },
): Promise<Uint8Array> {
  const entries = revoked.map((serial) => sequence(value(TAG.INTEGER, serial), time(thisUpdate)))
  const tbs = sequence(
    integer(1),
    PSS_SHA384,
    issuer.subject,
    time(thisUpdate),
    time(nextUpdate),
    ...(entries.length === 0 ? [] : [sequence(...entries)]),
    value(context(0), sequence(sequence(oid('2.5.29.20'), value(TAG.OCTET_STRING, integer(1))))),
  )
  return signed(tbs, issuer.key)
}

async function signed(tbs: Uint8Array, key: CryptoKey): Promise<Uint8Array> {
  const signature = await crypto.subtle.sign({ name: 'RSA-PSS', saltLength: 48 }, key, owned(tbs))
  return sequence(tbs, PSS_SHA384, bitString(new Uint8Array(signature)))
}
