import { context, DER_TAG } from '../../core/der/der.js'
import { integer, oid, sequence, unsigned, value } from '../../core/der/write.js'
import { parseCertificate } from '../certificate.js'
import { owned } from '../keys.js'

/** How a simulated vendor signs its certificates and lists. */
export interface Scheme {
  /** AlgorithmIdentifier. */
  readonly identifier: Uint8Array
  /** What its keys are. */
  readonly key: RsaHashedImportParams | EcKeyImportParams
  sign(key: CryptoKey, content: Uint8Array): Promise<Uint8Array>
}

/** Who issues: a name, a key, and how it signs. */
export interface Issuer {
  readonly subject: Uint8Array
  readonly key: CryptoKey
  readonly scheme: Scheme
}

/** The issuer of a certificate, by its private key. */
export async function issuerOf(certificate: Uint8Array, pkcs8: Uint8Array, scheme: Scheme): Promise<Issuer> {
  const { subject } = parseCertificate(certificate)
  return { subject, key: await signingKey(pkcs8, scheme.key), scheme }
}

/** A private key that is public, for signing with. */
export function signingKey(pkcs8: Uint8Array, algorithm: Scheme['key']): Promise<CryptoKey> {
  return crypto.subtle.importKey('pkcs8', owned(pkcs8), algorithm, false, ['sign'])
}

const SHA_384 = sequence(oid('2.16.840.1.101.3.4.2.2'), value(DER_TAG.NULL))

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
  key: { name: 'RSA-PSS', hash: 'SHA-384' },
  sign: async (key, content) =>
    new Uint8Array(await crypto.subtle.sign({ name: 'RSA-PSS', saltLength: 48 }, key, owned(content))),
}

/** RSASSA-PKCS1-v1_5 with SHA-256. */
export const RSA_SHA256: Scheme = {
  identifier: sequence(oid('1.2.840.113549.1.1.11'), value(DER_TAG.NULL)),
  key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' },
  sign: async (key, content) =>
    new Uint8Array(await crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, owned(content))),
}

export const ECDSA_SHA256 = ecdsa('1.2.840.10045.4.3.2', 'P-256', 'SHA-256')
export const ECDSA_SHA384 = ecdsa('1.2.840.10045.4.3.3', 'P-384', 'SHA-384')

/** ECDSA, r and s as two integers. */
function ecdsa(id: string, namedCurve: string, hash: Hash): Scheme {
  return {
    identifier: sequence(oid(id)),
    key: { name: 'ECDSA', namedCurve },
    async sign(key, content) {
      const raw = await rawSignature(key, hash, content)
      const half = raw.length / 2
      return sequence(unsigned(raw.subarray(0, half)), unsigned(raw.subarray(half)))
    },
  }
}

type Hash = 'SHA-256' | 'SHA-384'

/** ECDSA, r and s side by side. */
export async function rawSignature(key: CryptoKey, hash: Hash, content: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash }, key, owned(content)))
}
