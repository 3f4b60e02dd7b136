import { concat, toHex, VouchError } from '@vouch/protocol'
import { publicKeyType } from './public-key.js'

type KeyAlgorithm = RsaHashedImportParams | EcKeyImportParams
type Imported = Map<string, Promise<CryptoKey>>

/** Keys by the very bytes, in memory, that they were read from: gone when the certificate is. */
const imported = new WeakMap<Uint8Array, Imported>()

/** Keys of pinned roots, the one thing that outlives a judgement: there are no more of them than anchors. */
const ofRoots = new Map<string, Imported>()

/** Keeps the key of a root that is pinned; of any other, an attacker could fill memory. */
export function keepRootKey(spki: Uint8Array): void {
  const name = toHex(spki)
  const kept = ofRoots.get(name) ?? new Map<string, Promise<CryptoKey>>()
  ofRoots.set(name, kept)
  imported.set(spki, kept)
}

/** Imports a public key, once for each certificate and algorithm; bytes that are none are refused. */
export function importKey(spki: Uint8Array, algorithm: KeyAlgorithm): Promise<CryptoKey> {
  const known = imported.get(spki) ?? new Map<string, Promise<CryptoKey>>()
  imported.set(spki, known)
  const name = Object.values(algorithm).join()
  const key = known.get(name) ?? importFresh(spki, algorithm)
  known.set(name, key)
  return key
}

async function importFresh(spki: Uint8Array, algorithm: KeyAlgorithm): Promise<CryptoKey> {
  const refused = (cause?: unknown): VouchError =>
    new VouchError(
      'KEY_MALFORMED',
      { rule: `a certificate must hold a key for ${Object.values(algorithm).join(', ')}` },
      { cause },
    )
  const key = publicKeyType(spki) // refuses RSA keys that anyone can factor: WebCrypto takes them
  if ('namedCurve' in algorithm) {
    if (key.type !== 'ec' || key.curve !== algorithm.namedCurve) throw refused()
    // A point is imported three times as fast as the SubjectPublicKeyInfo around it.
    return importPoint(key.point, algorithm)
  }
  try {
    return await crypto.subtle.importKey('spki', owned(spki), algorithm, false, ['verify'])
  } catch (cause) {
    throw refused(cause)
  }
}

const UNCOMPRESSED = Uint8Array.of(4)

/** Imports a public key that is given as the coordinates of its point. */
export async function importPoint(point: Uint8Array, algorithm: EcKeyImportParams): Promise<CryptoKey> {
  try {
    const uncompressed = owned(concat(UNCOMPRESSED, point))
    return await crypto.subtle.importKey('raw', uncompressed, algorithm, false, ['verify'])
  } catch (cause) {
    throw new VouchError(
      'KEY_MALFORMED',
      { rule: `a key must be a point on the curve ${algorithm.namedCurve}` },
      { cause },
    )
  }
}

/** WebCrypto's types want memory that nobody shares. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return isOwned(bytes) ? bytes : new Uint8Array(bytes)
}

const isOwned = (bytes: Uint8Array): bytes is Uint8Array<ArrayBuffer> => bytes.buffer instanceof ArrayBuffer
