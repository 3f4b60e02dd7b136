import { context, TAG } from '../der/der.js'
import { integer, oid, sequence, unsigned, value } from '../der/write.js'
import { owned } from '../x509/algorithms.js'

/** How a simulated vendor signs its certificates and lists. */
export interface Scheme {
  /** AlgorithmIdentifier. */
  readonly identifier: Uint8Array
  sign(key: CryptoKey, content: Uint8Array): Promise<Uint8Array>
}

/** Who issues: a name, a key, and how it signs. */
export interface Issuer {
  readonly subject: Uint8Array
  readonly key: CryptoKey
  readonly scheme: Scheme
}

const SHA_384 = sequence(oid('2.16.840.1.101.3.4.2.2'), value(TAG.NULL))

/** RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt. */
export const PSS_SHA384: Scheme = {
  identifier: sequence(
    oid('1.2.840.113549.1.1.10'),
    sequence(
      value(context(0), SHA_384),
      value(context(1), sequence(oid('1.2.840.113549.1.1.8'), SHA_384)),
      value(context(2), integer(48)),
    ),
  ),
  sign: async (key, content) =>
    new Uint8Array(await crypto.subtle.sign({ name: 'RSA-PSS', saltLength: 48 }, key, owned(content))),
}

/** ECDSA with SHA-256, r and s as two integers. */
export const ECDSA_SHA256: Scheme = {
  identifier: sequence(oid('1.2.840.10045.4.3.2')),
  async sign(key, content) {
    const raw = await rawSignature(key, content)
    return sequence(unsigned(raw.subarray(0, 32)), unsigned(raw.subarray(32)))
  },
}

/** ECDSA with SHA-256, r and s side by side. */
export async function rawSignature(key: CryptoKey, content: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, key, owned(content)))
}
