import { concat } from '@vouch/protocol'
import { Reader, Writer } from '@vouch/protocol/codec'
import { isMeantAsCertificate, isMeantAsList } from '../../core/der/meant.js'
import { isSignedRaw } from '../../x509/algorithms.js'
import { importKey, owned } from '../../x509/keys.js'
import { publicKeyType } from '../../x509/public-key.js'
import { HASHES } from '../eventlog/banks.js'
import { MAX_KEY_BYTES, TPM_ALG } from './layout.js'
import { readHash, readNumber, readSized, unknown, writeHash, writeSized } from './structures.js'
import type { GivenSignature, TpmSignature } from './types.js'

const SCHEMES = { rsassa: TPM_ALG.RSASSA, rsapss: TPM_ALG.RSAPSS, ecdsa: TPM_ALG.ECDSA } as const
const SCHEME_NAMES = Object.keys(SCHEMES) as TpmSignature['scheme'][]

/** Whether bytes are meant as a TPMT_SIGNATURE: a signing scheme and a hash, in sixteen bits each. */
export function looksLikeSignature(bytes: Uint8Array): boolean {
  const [zero, scheme, high, hash] = bytes
  const isScheme = zero === 0 && SCHEME_NAMES.some((name) => SCHEMES[name] === scheme)
  return isScheme && high === 0 && Object.values(HASHES).some(({ id }) => id === hash)
}

/**
 * Whether bytes may be a bare RSA signature, as Azure's tools write it, perhaps with something behind it: there is nothing about
 * it but a length, and that it is nothing else.
 */
export function looksLikeBareSignature(bytes: Uint8Array): boolean {
  if (bytes.length < 256 || bytes.length > 576) return false
  return !isMeantAsCertificate(bytes) && !isMeantAsList(bytes) && !isText(bytes)
}

function isText(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** Reads a TPMT_SIGNATURE (Part 2, section 11.3.4), and sets apart what stands behind it. */
export function parseSignature(bytes: Uint8Array): GivenSignature {
  const input = new Reader(bytes, 'TPMT_SIGNATURE')
  const scheme = schemeOf(readNumber(input, 2, 'signature scheme'), 'signature scheme')
  const hash = readHash(input, 'hash of a signature')
  const take = (field: string): Uint8Array => readSized(input, MAX_KEY_BYTES, field)
  const signature: TpmSignature =
    scheme === 'ecdsa'
      ? { scheme, hash, r: take('signatureR'), s: take('signatureS') }
      : { scheme, hash, signature: take('signature') }
  return { signature, trailing: bytes.subarray(encodeSignature(signature).length) }
}

/** The bytes of a signature: the same that it was read from. */
export function encodeSignature(signature: TpmSignature): Uint8Array {
  const out = new Writer()
  out.uint(SCHEMES[signature.scheme], 2)
  writeHash(out, signature.hash)
  if (signature.scheme === 'ecdsa') {
    writeSized(out, signature.r)
    writeSized(out, signature.s)
  } else writeSized(out, signature.signature)
  return out.finish()
}

export function schemeOf(id: number, field: string): TpmSignature['scheme'] {
  return SCHEME_NAMES.find((name) => SCHEMES[name] === id) ?? unknown(field, id)
}

export const writeScheme = (out: Writer, scheme: TpmSignature['scheme']): void => out.uint(SCHEMES[scheme], 2)

/** Whether this key made this signature over these bytes. A signature of another type of key is none. */
export async function isSignedByTpm(
  spki: Uint8Array,
  signature: TpmSignature,
  content: Uint8Array,
): Promise<boolean> {
  const key = publicKeyType(spki)
  const hash = HASHES[signature.hash]
  if (signature.scheme === 'ecdsa') {
    if (key.type !== 'ec') return false
    const raw = rawSignature(signature, key.bytes)
    const imported = await importKey(spki, { name: 'ECDSA', namedCurve: key.curve })
    return raw !== undefined && isSignedRaw(imported, hash.web, raw, content)
  }
  if (key.type !== 'rsa') return false
  const bytes = owned(signature.signature)
  const name = signature.scheme === 'rsassa' ? 'RSASSA-PKCS1-v1_5' : 'RSA-PSS'
  const imported = await importKey(spki, { name, hash: hash.web })
  if (signature.scheme === 'rsassa') return crypto.subtle.verify(name, imported, bytes, owned(content))
  // Part 1, annex B.7: the salt is as long as the hash, or, in older TPMs, as long as the key leaves room for.
  for (const saltLength of [hash.bytes, key.bytes - hash.bytes - 2]) {
    if (await crypto.subtle.verify({ name, saltLength }, imported, bytes, owned(content))) return true
  }
  return false
}

/** r and s as WebCrypto takes them, each as long as the curve's order; nothing when one does not fit. */
function rawSignature(
  { r, s }: { readonly r: Uint8Array; readonly s: Uint8Array },
  size: number,
): Uint8Array | undefined {
  if (r.length > size || s.length > size) return undefined
  return concat(new Uint8Array(size - r.length), r, new Uint8Array(size - s.length), s)
}
