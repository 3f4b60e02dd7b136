import { toHex } from '@vouch/protocol'
import { chosen, type ExplainedField, field, Walk, zeros } from '../../core/explain.js'
import { HASHES } from '../eventlog/banks.js'
import { parseAttest } from './attest.js'
import { TPM_ST, TPMA_OBJECT } from './layout.js'
import { parsePcrs } from './pcrs.js'
import { parsePublicArea, publicAreaBytes } from './public-area.js'
import { encodeSignature, parseSignature } from './signature.js'
import { pcrsIn } from './structures.js'

const HASH_NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(HASHES).map(([name, { id }]) => [id, name]),
)
const hashName = (id: number): string | undefined => HASH_NAMES.get(id)

export function explainAttest(bytes: Uint8Array): readonly ExplainedField[] {
  const { attest } = parseAttest(bytes)
  const walk = new Walk(bytes)
  walk.take('magic', 4, () => 'TPM_GENERATED_VALUE')
  walk.big('type', 2, (type) =>
    type === TPM_ST.ATTEST_QUOTE ? 'TPM_ST_ATTEST_QUOTE' : 'TPM_ST_ATTEST_CREATION',
  )
  sized(walk, 'qualifiedSigner')
  sized(walk, 'extraData')
  walk.big('clock', 8, (ms) => `${ms} ms`)
  walk.big('resetCount', 4)
  walk.big('restartCount', 4)
  walk.big('safe', 1, (flag) => (flag === 1 ? 'yes' : 'no'))
  walk.take('firmwareVersion', 8)
  if (attest.type === 'creation') {
    sized(walk, 'objectName')
    sized(walk, 'creationHash')
  } else {
    for (let left = walk.big('pcrSelect.count', 4); left > 0; left--) selection(walk)
    sized(walk, 'pcrDigest')
  }
  walk.rest('behind the structure', zeros)
  return walk.fields
}

function selection(walk: Walk): void {
  walk.big('pcrSelections.hash', 2, hashName)
  const size = walk.big('pcrSelections.sizeofSelect', 1)
  walk.take('pcrSelections.pcrSelect', size, (bits) => `PCRs ${pcrsIn(bits).join(', ')}`)
}

export function explainSignature(bytes: Uint8Array): readonly ExplainedField[] {
  const { signature } = parseSignature(bytes)
  const walk = new Walk(bytes)
  walk.big('sigAlg', 2, () => signature.scheme)
  walk.big('hash', 2, hashName)
  if (signature.scheme === 'ecdsa') {
    sized(walk, 'signatureR')
    sized(walk, 'signatureS')
  } else sized(walk, 'sig')
  if (bytes.length > encodeSignature(signature).length) walk.rest('behind the signature', zeros)
  return walk.fields
}

/** A TPM2B: its length, and as many bytes. */
function sized(walk: Walk, name: string): void {
  walk.take(name, walk.big(`${name}.size`, 2), chosen)
}

export function explainPcrs(bytes: Uint8Array): readonly ExplainedField[] {
  return parsePcrs(bytes).flatMap(({ bank, values }) =>
    [...values].map(([index, value]) => field(`${bank}:${index}`, toHex(value))),
  )
}

export function explainPublicArea(bytes: Uint8Array): readonly ExplainedField[] {
  const { nameHash, attributes, authPolicy, scheme, key } = parsePublicArea(publicAreaBytes(bytes))
  return [
    field('nameAlg', nameHash),
    field('objectAttributes', `0x${attributes.toString(16)}`, attributesIn(attributes)),
    field('authPolicy', toHex(authPolicy)),
    field('scheme', scheme === undefined ? 'any' : `${scheme.name}, ${scheme.hash}`),
    ...(key.type === 'rsa'
      ? [field('RSA', `${key.keyBits} bits, exponent ${key.exponent}`), field('modulus', toHex(key.modulus))]
      : [field('ECC', key.curve), field('x', toHex(key.x)), field('y', toHex(key.y))]),
  ]
}

const attributesIn = (attributes: number): string =>
  Object.entries(TPMA_OBJECT)
    .filter(([, bit]) => ((attributes >>> bit) & 1) === 1)
    .map(([name]) => name)
    .join(', ')
