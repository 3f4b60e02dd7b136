import { context, TAG } from '../der/der.js'
import { bitString, integer, oid, sequence, time, value } from '../der/write.js'
import { owned } from '../x509/algorithms.js'
import type { KeyCertificate } from './tpm.js'

const SHA256_WITH_RSA = sequence(oid('1.2.840.113549.1.1.11'), value(TAG.NULL))
const NAME = sequence(
  value(TAG.SET, sequence(oid('2.5.4.3'), value(TAG.UTF8_STRING, new TextEncoder().encode('SIMULATED-AK')))),
)

/** Issues the certificate of an attestation key, as Google's authority writes them. */
export async function attestationKeyCertificate(
  { notBefore, notAfter, keyUsage }: KeyCertificate,
  issuer: { readonly subject: Uint8Array; readonly key: CryptoKey },
  spki: Uint8Array,
): Promise<Uint8Array> {
  // The highest bit is the first; those behind the lowest that is set are left out (X.690, 11.2.2).
  const unused = Math.clz32(keyUsage & -keyUsage) ^ 31
  const usage = value(TAG.BIT_STRING, Uint8Array.of(unused, keyUsage))
  const tbs = sequence(
    value(context(0), integer(2)),
    integer(1),
    SHA256_WITH_RSA,
    issuer.subject,
    sequence(time(notBefore), time(notAfter)),
    NAME,
    spki,
    value(
      context(3),
      sequence(
        sequence(oid('2.5.29.15'), value(TAG.BOOLEAN, Uint8Array.of(0xff)), value(TAG.OCTET_STRING, usage)),
      ),
    ),
  )
  const signature = await crypto.subtle.sign('RSASSA-PKCS1-v1_5', issuer.key, owned(tbs))
  return sequence(tbs, SHA256_WITH_RSA, bitString(new Uint8Array(signature)))
}
