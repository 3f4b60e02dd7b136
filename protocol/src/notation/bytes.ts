import { shown, VouchError } from '../errors.js'

/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.length
  }
  return joined
}

/** Bytes of an ASCII constant. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => {
    const byte = letter.charCodeAt(0)
    if (byte > 0x7f)
      throw new VouchError('VALUE_MALFORMED', { rule: 'text must be ASCII', given: shown(text) })
    return byte
  })
}

/** Whether two public byte strings are the same. Not for secrets: it stops at the first difference. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Whether two byte strings are the same, in the same time wherever they differ: whoever chooses one of them learns no byte of the other. */
export function equalSecrets(a: Uint8Array, b: Uint8Array): boolean {
  return (
    a.length === b.length && a.reduce((difference, byte, i) => difference | (byte ^ (b[i] ?? 0)), 0) === 0
  )
}

/** Order of two byte strings: by their bytes, a prefix first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length)
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Lower-case hexadecimal, without prefix. */
export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += HEX_OF_BYTE[byte]
  return hex
}

/** Reads lower-case hexadecimal; anything else, upper case included, is refused: one value has one spelling. */
export function fromHex(hex: string, what = 'hexadecimal'): Uint8Array {
  if (hex.length % 2 !== 0 || !/^[0-9a-f]*$/.test(hex)) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: `${what} must be pairs of lower-case hexadecimal digits, without prefix`,
      given: shown(hex),
    })
  }
  const bytes = new Uint8Array(hex.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = 16 * digitOf(hex.charCodeAt(2 * i)) + digitOf(hex.charCodeAt(2 * i + 1))
  return bytes
}

/** The value of a digit by its code: 0 to 9, a to f, and no other. */
const digitOf = (code: number): number => (code < 0x61 ? code - 0x30 : code - 0x57)

/** Big-endian unsigned integer of the given bytes. */
export function toInteger(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`)
}

/** Big-endian unsigned integer in exactly `size` bytes. */
export function fromInteger(value: bigint | number, size: number): Uint8Array {
  const integer = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value) : undefined
  if (integer === undefined || integer < 0n || integer >> BigInt(8 * size) !== 0n) {
    throw new VouchError('VALUE_OUT_OF_RANGE', {
      rule: `integer must fit in ${size} bytes`,
      given: shown(value),
    })
  }
  return fromHex(integer.toString(16).padStart(2 * size, '0'))
}
