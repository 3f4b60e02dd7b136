import { compareBytes, VouchError } from '@vouch/protocol'

/** A DER value: its bytes as they were given, its content, and its parts when it has any. */
export interface Der {
  readonly tag: number
  readonly raw: Uint8Array
  readonly content: Uint8Array
  readonly parts: readonly Der[]
}

/** Identifier octets (X.690, 8.1.2) of the types that certificates and revocation lists are made of. */
export const DER_TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OID: 0x06,
  ENUMERATED: 0x0a,
  UTF8_STRING: 0x0c,
  PRINTABLE_STRING: 0x13,
  T61_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const

/** The constructed context-specific tag [n]. */
export const context = (n: number): number => 0xa0 | n

const MAX_DEPTH = 24
/** Two bytes of an attacker's make a value of two hundred: a file of them would fill memory. Room for 10,000 revocations. */
const MAX_VALUES = 50_000
const CONSTRUCTED = 0x20
const CLASS = 0xc0

/** Where the content of a value begins that begins at an offset: enough to tell what bytes are meant as. */
export function contentAt(bytes: Uint8Array, at: number): number | undefined {
  const length = bytes[at + 1]
  if (length === undefined) return undefined
  return at + 2 + (length < 0x80 ? 0 : length & 0x7f)
}

/**
 * Reads DER, all of it, and nothing that BER would let pass: one value has one spelling, so that no two readers can
 * differ over an attacker's certificate.
 */
export function parseDer(bytes: Uint8Array, what: string): Der {
  const { value, end } = read(bytes, 0, { limit: bytes.length, depth: 0, budget: { left: MAX_VALUES } }, what)
  if (end !== bytes.length) {
    throw new VouchError('TRAILING_BYTES', {
      rule: `${what} must end with its DER value`,
      given: `${bytes.length - end} more bytes`,
    })
  }
  return value
}

/** Reads values of DER that stand one behind the other. */
export function derValues(bytes: Uint8Array, what: string): readonly Der[] {
  const bounds = { limit: bytes.length, depth: 0, budget: { left: MAX_VALUES } }
  const values: Der[] = []
  for (let at = 0; at < bytes.length; ) {
    const { value, end } = read(bytes, at, bounds, what)
    values.push(value)
    at = end
  }
  return values
}

/** A value whose bytes are cut out when somebody asks: most are only walked over, and a view costs more than a visit. */
class Value implements Der {
  readonly tag: number
  readonly parts: readonly Der[]
  readonly #bytes: Uint8Array
  readonly #place: { readonly start: number; readonly at: number; readonly end: number }

  constructor(
    tag: number,
    parts: readonly Der[],
    bytes: Uint8Array,
    place: { readonly start: number; readonly at: number; readonly end: number },
  ) {
    this.tag = tag
    this.parts = parts
    this.#bytes = bytes
    this.#place = place
  }

  get raw(): Uint8Array {
    return this.#bytes.subarray(this.#place.start, this.#place.end)
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(this.#place.at, this.#place.end)
  }
}

/** Where a value must end, how deep it lies, and how many values there may still be. */
interface Bounds {
  readonly limit: number
  readonly depth: number
  readonly budget: { left: number }
}

function read(
  bytes: Uint8Array,
  start: number,
  { limit, depth, budget }: Bounds,
  what: string,
): { value: Der; end: number } {
  if (depth > MAX_DEPTH) refuse(what, `nest at most ${MAX_DEPTH} levels`, start)
  if (budget.left-- <= 0) refuse(what, `hold at most ${MAX_VALUES} values`, start)
  const tag = bytes[start] ?? 0
  if ((tag & 0x1f) === 0x1f) refuse(what, 'have tags below 31', start)
  const { length, at } = readLength(bytes, start + 1, limit, what)
  const end = at + length
  if (end > limit) refuse(what, 'have values that end inside what holds them', start)
  const parts: Der[] = []
  if ((tag & CONSTRUCTED) !== 0) {
    for (let next = at; next < end; ) {
      const part = read(bytes, next, { limit: end, depth: depth + 1, budget }, what)
      parts.push(part.value)
      next = part.end
    }
  }
  const value = new Value(tag, parts, bytes, { start, at, end })
  if ((tag & CLASS) === 0) assertUniversal(value, what, start)
  return { value, end }
}

/** X.690, 8.1.3 and 10.1: definite, and in as few bytes as will do. */
function readLength(
  bytes: Uint8Array,
  start: number,
  limit: number,
  what: string,
): { length: number; at: number } {
  if (start >= limit) refuse(what, 'have a length behind each tag', start)
  const first = bytes[start] ?? 0
  if (first < 0x80) return { length: first, at: start + 1 }
  const size = first & 0x7f
  if (size === 0 || size > 4 || start + 1 + size > limit) refuse(what, 'have definite lengths', start)
  let length = 0
  for (const byte of bytes.subarray(start + 1, start + 1 + size)) length = length * 256 + byte
  if (length < 0x80 || length < 256 ** (size - 1)) refuse(what, 'have minimal lengths', start)
  return { length, at: start + 1 + size }
}

/** What must hold of the content of each universal type; a type that is not here does not occur. */
const CONTENT: ReadonlyMap<number, readonly [rule: string, holds: (value: Der) => boolean]> = new Map([
  [DER_TAG.BOOLEAN, ['have booleans of 00 or ff', isBoolean]],
  [DER_TAG.INTEGER, ['have minimal integers', isMinimalInteger]],
  [DER_TAG.ENUMERATED, ['have minimal integers', isMinimalInteger]],
  [DER_TAG.BIT_STRING, ['have bit strings with zeros for unused bits', isBitString]],
  [DER_TAG.OCTET_STRING, ['have octet strings', always]],
  [DER_TAG.NULL, ['have empty nulls', ({ content }) => content.length === 0]],
  [DER_TAG.OID, ['have minimal object identifiers', isOid]],
  [DER_TAG.UTF8_STRING, ['have strings of UTF-8', isUtf8]],
  [DER_TAG.PRINTABLE_STRING, ['have strings of ASCII', isAscii]],
  [DER_TAG.T61_STRING, ['have strings', always]],
  [DER_TAG.IA5_STRING, ['have strings of ASCII', isAscii]],
  [DER_TAG.UTC_TIME, ['have times in whole seconds UTC', ({ content }) => isTime(content, 12)]],
  [DER_TAG.GENERALIZED_TIME, ['have times in whole seconds UTC', ({ content }) => isTime(content, 14)]],
  [DER_TAG.BMP_STRING, ['have strings of pairs', ({ content }) => content.length % 2 === 0]],
  [DER_TAG.SEQUENCE, ['have sequences', always]],
  [DER_TAG.SET, ['have sets in their one order', isSorted]],
])

function assertUniversal(value: Der, what: string, start: number): void {
  const known = CONTENT.get(value.tag)
  if (known === undefined) refuse(what, 'hold no types but those of certificates', start)
  const [rule, holds] = known
  if (!holds(value)) refuse(what, rule, start)
}

function always(): boolean {
  return true
}

function isBoolean({ content }: Der): boolean {
  return content.length === 1 && (content[0] === 0 || content[0] === 0xff)
}

function isMinimalInteger({ content }: Der): boolean {
  if (content.length < 2) return content.length === 1
  const first = content[0] ?? 0
  const second = content[1] ?? 0
  return !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))
}

function isBitString({ content }: Der): boolean {
  const unused = content[0] ?? 8
  const last = content[content.length - 1] ?? 0
  if (unused > 7 || (content.length === 1 && unused > 0)) return false
  return content.length === 1 || (last & ((1 << unused) - 1)) === 0
}

function isOid({ content }: Der): boolean {
  const last = content[content.length - 1]
  if (last === undefined || last >= 0x80) return false
  return content.every((byte, i) => byte !== 0x80 || (content[i - 1] ?? 0) >= 0x80)
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function isUtf8({ content }: Der): boolean {
  try {
    utf8.decode(content)
    return true
  } catch {
    return false
  }
}

function isAscii({ content }: Der): boolean {
  return content.every((byte) => byte < 0x80)
}

function isTime(content: Uint8Array, digits: number): boolean {
  if (content.length !== digits + 1 || content[digits] !== 0x5a) return false
  return content.subarray(0, digits).every((byte) => byte >= 0x30 && byte <= 0x39)
}

/** X.690, 11.6: the elements of a set ascend by their bytes. */
function isSorted({ parts }: Der): boolean {
  return parts.every((part, i) => {
    const before = parts[i - 1]
    return before === undefined || compareBytes(before.raw, part.raw) <= 0
  })
}

function refuse(what: string, rule: string, at: number): never {
  throw new VouchError('DER_MALFORMED', { rule: `${what} must ${rule}`, given: `at offset ${at}` })
}
