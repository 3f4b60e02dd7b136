import { concat, equalBytes, fromInteger, VouchError } from '@vouch/protocol'
import { Reader, Writer } from '@vouch/protocol/codec'
import { beginsLike } from '../../core/resemblance.js'
import { ecPublicKey, rsaPublicKey } from '../../x509/public-key.js'
import { HASHES, hashOf } from '../eventlog/banks.js'
import { CURVES, MAX_KEY_BYTES, MAX_NAME_BYTES, TPM_ALG, TPMA_OBJECT } from './layout.js'
import { schemeOf, writeScheme } from './signature.js'
import { readHash, readNumber, readSized, unknown, writeHash, writeSized } from './structures.js'
import type { TpmPublic } from './types.js'

/** Whether bytes are meant as the public area of a key: a TPMT_PUBLIC, or a TPM2B_PUBLIC, which is one behind its length. */
export function looksLikePublicArea(bytes: Uint8Array): boolean {
  return looksLikeBare(bytes) || looksLikeBare(bytes.subarray(SIZE_BYTES))
}

/** The TPMT_PUBLIC of a file: what a TPM hashes into the name of the key. */
export function publicAreaBytes(bytes: Uint8Array): Uint8Array {
  if (looksLikeBare(bytes)) return bytes
  const input = new Reader(bytes, 'TPM2B_PUBLIC')
  const area = readSized(input, bytes.length, 'TPMT_PUBLIC')
  input.end()
  return area
}

const SIZE_BYTES = 2

/**
 * Whether bytes are meant as a TPMT_PUBLIC: by a type of key and the hash of its name, in sixteen bits each. Where one of these
 * bytes is another, by what follows them: a key that is not restricted must not come without its public area by a single bit.
 */
function looksLikeBare(bytes: Uint8Array): boolean {
  return BEGINNINGS.some(
    (beginning) =>
      beginsLike(bytes, beginning) &&
      (equalBytes(bytes.subarray(0, beginning.length), beginning) ||
        isPublicArea(concat(beginning, bytes.subarray(beginning.length)))),
  )
}

const BEGINNINGS = [TPM_ALG.RSA, TPM_ALG.ECC].flatMap((type) =>
  Object.values(HASHES).map(({ id }) => Uint8Array.of(0, type, 0, id)),
)

function isPublicArea(bytes: Uint8Array): boolean {
  try {
    parsePublicArea(bytes)
    return true
  } catch (error) {
    if (error instanceof VouchError) return false
    throw error
  }
}

/** Reads the TPMT_PUBLIC (Part 2, section 12.2.4) of a key that signs; of any other there is nothing to judge here. */
export function parsePublicArea(bytes: Uint8Array): TpmPublic {
  const input = new Reader(bytes, 'TPMT_PUBLIC')
  const type = readNumber(input, 2, 'type')
  const nameHash = readHash(input, 'nameAlg')
  const attributes = readNumber(input, 4, 'objectAttributes')
  const authPolicy = readSized(input, MAX_NAME_BYTES, 'authPolicy')
  // A key that signs protects nothing, so it has no symmetric algorithm.
  readNull(input, 'symmetric')
  const scheme = readOptionalScheme(input)
  const key =
    type === TPM_ALG.RSA ? readRsa(input) : type === TPM_ALG.ECC ? readEcc(input) : unknown('type', type)
  input.end()
  return { nameHash, attributes, authPolicy, ...(scheme === undefined ? {} : { scheme }), key }
}

/** The bytes of a public area: the same that it was read from. */
export function encodePublicArea({ nameHash, attributes, authPolicy, scheme, key }: TpmPublic): Uint8Array {
  const out = new Writer()
  out.uint(key.type === 'rsa' ? TPM_ALG.RSA : TPM_ALG.ECC, 2)
  writeHash(out, nameHash)
  out.uint(attributes, 4)
  writeSized(out, authPolicy)
  out.uint(TPM_ALG.NULL, 2)
  if (scheme === undefined) out.uint(TPM_ALG.NULL, 2)
  else {
    writeScheme(out, scheme.name)
    writeHash(out, scheme.hash)
  }
  if (key.type === 'rsa') {
    out.uint(key.keyBits, 2)
    out.uint(key.exponent, 4)
    writeSized(out, key.modulus)
  } else {
    out.uint([...CURVES].find(([, curve]) => curve === key.curve)?.[0] ?? 0, 2)
    out.uint(TPM_ALG.NULL, 2)
    writeSized(out, key.x)
    writeSized(out, key.y)
  }
  return out.finish()
}

/** Part 1, section 16: the name of a key is the hash of its public area behind the hash's identifier. */
export function nameOf(bytes: Uint8Array, { nameHash }: TpmPublic): Uint8Array {
  return concat(fromInteger(HASHES[nameHash].id, 2), hashOf(nameHash, bytes))
}

/** Whether the key signs nothing that starts like an attestation unless the TPM made it, and never left its TPM. */
export function isRestrictedSigner({ attributes }: TpmPublic): boolean {
  const has = (bit: keyof typeof TPMA_OBJECT): boolean => ((attributes >>> TPMA_OBJECT[bit]) & 1) === 1
  return (
    has('restricted') &&
    has('sign') &&
    !has('decrypt') &&
    has('fixedTPM') &&
    has('fixedParent') &&
    has('sensitiveDataOrigin')
  )
}

export function spkiOf({ key }: TpmPublic): Uint8Array {
  // Part 2, section 12.2.3.5: an exponent of zero stands for 2^16 + 1.
  return key.type === 'rsa'
    ? rsaPublicKey(key.modulus, fromInteger(key.exponent === 0 ? 65_537 : key.exponent, 4))
    : ecPublicKey(key.curve, key.x, key.y)
}

function readNull(input: Reader, field: string): void {
  const id = readNumber(input, 2, field)
  if (id !== TPM_ALG.NULL) unknown(field, id)
}

function readOptionalScheme(input: Reader): TpmPublic['scheme'] | undefined {
  const id = readNumber(input, 2, 'scheme')
  if (id === TPM_ALG.NULL) return undefined
  return { name: schemeOf(id, 'scheme'), hash: readHash(input, 'hash of the scheme') }
}

function readRsa(input: Reader): TpmPublic['key'] {
  const keyBits = readNumber(input, 2, 'keyBits')
  const exponent = readNumber(input, 4, 'exponent')
  const modulus = readSized(input, MAX_KEY_BYTES, 'modulus')
  if (modulus.length * 8 !== keyBits)
    throw new VouchError('NOT_CANONICAL', { rule: 'an RSA modulus must have keyBits bits' })
  return { type: 'rsa', keyBits, exponent, modulus }
}

function readEcc(input: Reader): TpmPublic['key'] {
  const id = readNumber(input, 2, 'curveID')
  const curve = CURVES.get(id) ?? unknown('curveID', id)
  readNull(input, 'kdf')
  const size = { 'P-256': 32, 'P-384': 48, 'P-521': 66 }[curve]
  return { type: 'ec', curve, x: readSized(input, size, 'x'), y: readSized(input, size, 'y') }
}
