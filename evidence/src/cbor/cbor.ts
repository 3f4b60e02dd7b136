import { VouchError } from '@vouch/protocol'

/** The CBOR (RFC 8949) that attestation documents are made of: no floats, no indefinite lengths, one tag. */
export type Cbor =
  | { readonly type: 'integer'; readonly value: number }
  | { readonly type: 'bytes'; readonly value: Uint8Array }
  | { readonly type: 'text'; readonly value: string }
  | { readonly type: 'array'; readonly items: readonly Cbor[] }
  | { readonly type: 'map'; readonly entries: readonly (readonly [key: Cbor, value: Cbor])[] }
  | { readonly type: 'null' }

/** Deeper than any document nests, and more items than one has. */
const MAX_DEPTH = 8
const MAX_ITEMS = 1024
const NULL = 0xf6

/** Reads one value at a place, in its one shortest spelling, and says where it ends. */
export function readCbor(
  bytes: Uint8Array,
  start: number,
  what: string,
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
    if (size === undefined) throw malformed(`${what} must have definite lengths`)
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
    const number = argument(head & 0x1f)
    switch (head >> 5) {
      case 0:
        return { type: 'integer', value: number }
      case 1:
        return { type: 'integer', value: -1 - number }
      case 2:
        return { type: 'bytes', value: take(number) }
      case 3:
        return { type: 'text', value: textIn(take(number), what) }
      case 4:
        return { type: 'array', items: repeat(number, () => read(depth + 1)) }
      case 5:
        return { type: 'map', entries: repeat(number, () => [read(depth + 1), read(depth + 1)] as const) }
      default:
        throw malformed(`${what} must be made of numbers, bytes, texts, lists, maps and null`)
    }
  }
  /** A count is an attacker's word: nothing is set aside for it before the values are there. */
  const repeat = <T>(count: number, one: () => T): readonly T[] => {
    if (count > MAX_ITEMS) throw malformed(`${what} must have at most ${MAX_ITEMS} values`)
    const found: T[] = []
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
