import { VouchError } from '@vouch/protocol'

/**
 * The CBOR (RFC 8949) that attestation documents are made of: no floats, no tags inside, no strings in pieces. A list or a map
 * says its length, or ends with a break: which of the two is kept, so that it is written again as it was read.
 */
export type Cbor =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'array'; readonly items: readonly Cbor[]; readonly indefinite?: true }
  | {
      readonly type: 'map'
      readonly entries: readonly (readonly [key: Cbor, value: Cbor])[]
      readonly indefinite?: true
    }
  | { readonly type: 'null' }

/** Deeper than any document nests, and more items than one has. */
const MAX_DEPTH = 8
const MAX_ITEMS = 1024
const NULL = 0xf6
/** The end of a list or a map of indefinite length: RFC 8949, 3.2.1. */
export const BREAK = 0xff
/** What stands in the place of a length that is not given. */
export const INDEFINITE = 31
/** Floating-point numbers of two, four and eight bytes: RFC 8949, 3.3. */
const FLOATS: readonly number[] = [0xf9, 0xfa, 0xfb]

/** Which lists and maps are read: those that say their length, or those that end with a break as well. */
export type Lengths = 'definite' | 'any'

/** Reads one value at a place, each number in its one shortest spelling, and says where it ends. */
export function readCbor(
  bytes: Uint8Array,
  start: number,
  what: string,
  lengths: Lengths = 'definite',
): { readonly value: Cbor; readonly end: number } {
  let at = start
  let items = 0
  const take = (size: number): Uint8Array => {
    if (size > bytes.length - at) {
      throw new VouchError('TRUNCATED', { rule: `${what} must not end inside a value` })
    }
    at += size
    return bytes.subarray(at - size, at)
  }
  const argument = (info: number): number => {
    if (info < 24) return info
    const size = SIZES.get(info)
    if (size === undefined)
      throw malformed(`${what} must say the length of each ${lengths === 'any' ? 'string' : 'value'}`)
    const number = take(size).reduce((sum, byte) => sum * 256 + byte, 0)
    const shortest = size === 1 ? 24 : 256 ** (size / 2)
    if (number < shortest || !Number.isSafeInteger(number))
      throw malformed(`${what} must spell each number in its shortest form`)
    return number
  }
  const read = (depth: number): Cbor => {
    if (++items > MAX_ITEMS || depth > MAX_DEPTH)
      throw malformed(`${what} must have at most ${MAX_ITEMS} values, ${MAX_DEPTH} deep`)
    const [head = 0] = take(1)
    if (head === NULL) return { type: 'null' }
    if (FLOATS.includes(head)) throw malformed(`${what} must hold no floating-point numbers`)
    const info = head & 0x1f
    const form = info === INDEFINITE ? ({ indefinite: true } as const) : {}
    switch (head >> 5) {
      case 0:
        return { type: 'integer', value: argument(info) }
      case 1:
        return { type: 'integer', value: -1 - argument(info) }
      case 2:
        return { type: 'bytes', value: take(argument(info)) }
      case 3:
        return { type: 'text', value: textIn(take(argument(info)), what) }
      case 4:
        return { type: 'array', items: contained(info, () => read(depth + 1)), ...form }
      case 5:
        return { type: 'map', entries: contained(info, () => [read(depth + 1), read(depth + 1)]), ...form }
      default:
        throw malformed(`${what} must be made of numbers, bytes, texts, lists, maps and null`)
    }
  }
  const contained = <T>(info: number, one: () => T): readonly T[] => {
    const found: T[] = []
    if (info === INDEFINITE && lengths === 'any') {
      // A break stands where an item or a key could: between a key and its value it is no value. Without it there is no end.
      while (bytes[at] !== BREAK) found.push(one())
      at++
      return found
    }
    // A count is an attacker's word: nothing is set aside for it before the values are there.
    const count = argument(info)
    if (count > MAX_ITEMS) throw malformed(`${what} must have at most ${MAX_ITEMS} values`)
    while (found.length < count) found.push(one())
    return found
  }
  const value = read(0)
  return { value, end: at }
}

const SIZES: ReadonlyMap<number, number> = new Map([
  [24, 1],
  [25, 2],
  [26, 4],
  [27, 8],
])

function textIn(bytes: Uint8Array, what: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new VouchError('CBOR_MALFORMED', { rule: `texts in ${what} must be UTF-8` }, { cause })
  }
}

export function malformed(rule: string, given?: string): VouchError {
  return new VouchError('CBOR_MALFORMED', given === undefined ? { rule } : { rule, given })
}
