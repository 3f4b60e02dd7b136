import { concat, toHex, VouchError } from '@vouch/protocol'
import { context, type Der, parseDer, TAG } from '../der/der.js'
import { Fields, oidText, only, smallInteger, wholeBytes } from '../der/fields.js'

/** How a signature of one algorithm is checked with WebCrypto. */
interface SignatureAlgorithm {
  readonly key: RsaHashedImportParams | EcKeyImportParams
  readonly verify: RsaPssParams | EcdsaParams
  /** The signature as WebCrypto takes it, where X.509 has another form. */
  readonly raw?: (signature: Uint8Array) => Uint8Array
}

const RSASSA_PSS = '1.2.840.113549.1.1.10'
const MGF1 = '1.2.840.113549.1.1.8'
const SHA_384 = '2.16.840.1.101.3.4.2.2'
const ECDSA_WITH_SHA_256 = '1.2.840.10045.4.3.2'
const SALT_BYTES = 48

/** The algorithms of the vendors' certificates, by identifier. Anything else is not guessed at. */
const ALGORITHMS: ReadonlyMap<string, (parameters: Der | undefined) => SignatureAlgorithm | undefined> =
  new Map([
    [RSASSA_PSS, pssWithSha384],
    [ECDSA_WITH_SHA_256, ecdsa('P-256', 'SHA-256', 32)],
  ])

/** Whether this key made this signature over these bytes. */
export async function isSigned(
  spki: Uint8Array,
  { algorithm, signature, content }: { algorithm: Der; signature: Uint8Array; content: Uint8Array },
): Promise<boolean> {
  const [identifier, parameters] = algorithm.parts
  const oid = identifier?.tag === TAG.OID ? oidText(identifier) : 'none'
  const known = ALGORITHMS.get(oid)?.(parameters)
  if (known === undefined || algorithm.parts.length > 2) {
    throw new VouchError('ALGORITHM_UNKNOWN', {
      rule: 'a certificate must be signed by an algorithm that its vendor uses',
      given: oid,
    })
  }
  const key = await importKey(spki, known.key)
  const raw = known.raw?.(signature) ?? signature
  return crypto.subtle.verify(known.verify, key, owned(raw), owned(content))
}

/** Keys by the very bytes, in memory, that they were read from: gone when the certificate is. */
const imported = new WeakMap<Uint8Array, Map<string, Promise<CryptoKey>>>()

/** Keys of pinned roots, the one thing that outlives a judgement: there are no more of them than anchors. */
const ofRoots = new Map<string, Map<string, Promise<CryptoKey>>>()

/** Keeps the key of a root that is pinned; of any other, an attacker could fill memory. */
export function keepRootKey(spki: Uint8Array): void {
  const name = toHex(spki)
  const kept = ofRoots.get(name) ?? new Map<string, Promise<CryptoKey>>()
  ofRoots.set(name, kept)
  imported.set(spki, kept)
}

/** Imports a public key, once for each certificate and algorithm; bytes that are none are refused. */
export function importKey(
  spki: Uint8Array,
  algorithm: RsaHashedImportParams | EcKeyImportParams,
): Promise<CryptoKey> {
  const known = imported.get(spki) ?? new Map<string, Promise<CryptoKey>>()
  imported.set(spki, known)
  const name = Object.values(algorithm).join()
  const key = known.get(name) ?? importFresh(spki, algorithm)
  known.set(name, key)
  return key
}

async function importFresh(
  spki: Uint8Array,
  algorithm: RsaHashedImportParams | EcKeyImportParams,
): Promise<CryptoKey> {
  // A point is imported three times as fast as the SubjectPublicKeyInfo around it.
  if ('namedCurve' in algorithm) return importPoint(pointIn(spki, algorithm.namedCurve), algorithm)
  try {
    return await crypto.subtle.importKey('spki', owned(spki), algorithm, false, ['verify'])
  } catch (cause) {
    throw keyMalformed(algorithm.name, cause)
  }
}

const EC_PUBLIC_KEY = '1.2.840.10045.2.1'
const CURVES: Readonly<Record<string, string>> = { 'P-256': '1.2.840.10045.3.1.7', 'P-384': '1.3.132.0.34' }

/** RFC 5480, 2: the coordinates of an uncompressed point on a named curve. */
function pointIn(spki: Uint8Array, curve: string): Uint8Array {
  const fields = new Fields(parseDer(spki, 'public key'), 'public key')
  const [type, parameters, ...rest] = fields.take(TAG.SEQUENCE, 'algorithm').parts
  const point = wholeBytes(fields.take(TAG.BIT_STRING, 'key'), 'key')
  fields.end()
  const oids = [type, parameters].map((part) => (part?.tag === TAG.OID ? oidText(part) : 'none'))
  if (
    oids[0] === EC_PUBLIC_KEY &&
    oids[1] === CURVES[curve] &&
    rest.length === 0 &&
    point[0] === UNCOMPRESSED
  )
    return point.subarray(1)
  throw keyMalformed(`ECDSA over ${curve}`)
}

const UNCOMPRESSED = 4

function keyMalformed(algorithm: string, cause?: unknown): VouchError {
  return new VouchError(
    'KEY_MALFORMED',
    { rule: `a certificate must hold a key for ${algorithm}` },
    { cause },
  )
}

/** Imports a public key that is given as the coordinates of its point. */
export async function importPoint(point: Uint8Array, algorithm: EcKeyImportParams): Promise<CryptoKey> {
  try {
    const uncompressed = owned(concat(Uint8Array.of(UNCOMPRESSED), point))
    return await crypto.subtle.importKey('raw', uncompressed, algorithm, false, ['verify'])
  } catch (cause) {
    throw new VouchError(
      'KEY_MALFORMED',
      { rule: `a key must be a point on the curve ${algorithm.namedCurve}` },
      { cause },
    )
  }
}

/** Whether this key made this ECDSA signature, of r and s side by side, over these bytes. */
export function isSignedRaw(
  key: CryptoKey,
  hash: string,
  signature: Uint8Array,
  content: Uint8Array,
): Promise<boolean> {
  return crypto.subtle.verify({ name: 'ECDSA', hash }, key, owned(signature), owned(content))
}

/** WebCrypto's types want memory that nobody shares. */
export function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** RFC 5758, 3.2: no parameters, and a signature of two integers. */
function ecdsa(
  namedCurve: string,
  hash: string,
  size: number,
): (parameters: Der | undefined) => SignatureAlgorithm | undefined {
  const algorithm = {
    key: { name: 'ECDSA', namedCurve },
    verify: { name: 'ECDSA', hash },
    raw: (signature: Uint8Array) => rawEcdsa(signature, size),
  }
  return (parameters) => (parameters === undefined ? algorithm : undefined)
}

/** r and s, big-endian in as many bytes as the curve's order has. */
function rawEcdsa(signature: Uint8Array, size: number): Uint8Array {
  const fields = new Fields(parseDer(signature, 'signature'), 'signature')
  const halves = [fields.take(TAG.INTEGER, 'r'), fields.take(TAG.INTEGER, 's')].map(({ content }) => {
    const digits = content[0] === 0 ? content.subarray(1) : content
    if ((content[0] ?? 0) >= 0x80 || digits.length > size)
      throw new VouchError('DER_MALFORMED', { rule: 'a signature must be of two numbers below the order' })
    return concat(new Uint8Array(size - digits.length), digits)
  })
  fields.end()
  return concat(...halves)
}

/**
 * RSASSA-PSS-params (RFC 8017, A.2.3) with SHA-384 throughout. The trailer field may be spelled out although 1 is its
 * default: AMD's certificates do so.
 */
function pssWithSha384(parameters: Der | undefined): SignatureAlgorithm | undefined {
  if (parameters?.tag !== TAG.SEQUENCE) return undefined
  const fields = new Fields(parameters, 'RSASSA-PSS parameters')
  const hash = only(fields.take(context(0), 'hash'), TAG.SEQUENCE, 'hash')
  const mask = only(fields.take(context(1), 'mask'), TAG.SEQUENCE, 'mask')
  const salt = only(fields.take(context(2), 'salt length'), TAG.INTEGER, 'salt length')
  const trailer = fields.optional(context(3))
  fields.end()
  const maskFields = new Fields(mask, 'mask')
  const isMgf1 = oidText(maskFields.take(TAG.OID, 'identifier')) === MGF1
  const maskHash = maskFields.take(TAG.SEQUENCE, 'hash')
  maskFields.end()
  const isTrailerOne =
    trailer === undefined || smallInteger(only(trailer, TAG.INTEGER, 'trailer'), 'trailer') === 1
  const isKnown = isSha384(hash) && isMgf1 && isSha384(maskHash) && isTrailerOne
  if (!isKnown || smallInteger(salt, 'salt length') !== SALT_BYTES) return undefined
  return { key: { name: 'RSA-PSS', hash: 'SHA-384' }, verify: { name: 'RSA-PSS', saltLength: SALT_BYTES } }
}

/** RFC 4055, 2.1: the parameters of a hash are NULL or left out, and both are to be taken. */
function isSha384(algorithm: Der): boolean {
  const fields = new Fields(algorithm, 'hash')
  const oid = oidText(fields.take(TAG.OID, 'identifier'))
  fields.optional(TAG.NULL)
  fields.end()
  return oid === SHA_384
}
