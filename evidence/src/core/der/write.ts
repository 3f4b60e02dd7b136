import { concat, fromHex } from '@vouch/protocol'
import { DER_TAG } from './der.js'

// Writes the DER that the simulated vendors' certificates are made of.

/** A value of a tag from its content, or from its parts. */
export function value(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = concat(...parts)
  return concat(Uint8Array.of(tag), length(content.length), content)
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array => value(DER_TAG.SEQUENCE, ...parts)

/** A whole number that is not negative. */
export function integer(number: number): Uint8Array {
  const hex = number.toString(16)
  return unsigned(fromHex(hex.length % 2 === 0 ? hex : `0${hex}`))
}

/** A whole number that is not negative, from its bytes, big-endian. */
export function unsigned(bytes: Uint8Array): Uint8Array {
  const digits = bytes.subarray(bytes.findIndex((byte, i) => byte !== 0 || i === bytes.length - 1))
  return value(DER_TAG.INTEGER, (digits[0] ?? 0) < 0x80 ? digits : concat(Uint8Array.of(0), digits))
}

export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number)
  return value(DER_TAG.OID, ...[40 * first + second, ...rest].map(base128))
}

/** Whole bytes. */
export const bitString = (bytes: Uint8Array): Uint8Array => value(DER_TAG.BIT_STRING, Uint8Array.of(0), bytes)

export const ia5 = (text: string): Uint8Array => value(DER_TAG.IA5_STRING, new TextEncoder().encode(text))

/** RFC 5280, 4.1.2.5: UTCTime until 2049. */
export function time(seconds: number): Uint8Array {
  const digits = new Date(seconds * 1000).toISOString().replace(/[-:T]|\.000Z/g, '')
  const isShort = digits >= '1950' && digits < '2050'
  const text = new TextEncoder().encode(`${isShort ? digits.slice(2) : digits}Z`)
  return value(isShort ? DER_TAG.UTC_TIME : DER_TAG.GENERALIZED_TIME, text)
}

function length(size: number): Uint8Array {
  if (size < 0x80) return Uint8Array.of(size)
  const hex = size.toString(16)
  const bytes = fromHex(hex.length % 2 === 0 ? hex : `0${hex}`)
  return concat(Uint8Array.of(0x80 | bytes.length), bytes)
}

function base128(number: number): Uint8Array {
  const digits = [number & 0x7f]
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(0x80 | (rest & 0x7f))
  return Uint8Array.from(digits)
}
