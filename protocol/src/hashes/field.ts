import { sha256 } from '@noble/hashes/sha2.js'
import { shown, VouchError } from '../errors.js'
import { ascii, concat, fromInteger, toInteger } from '../notation/bytes.js'

/** Order of BN254's scalar field: what a circuit computes in. */
export const P = 0x30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001n

/** Refuses what is no field element. Nothing is ever reduced: two spellings of one value would be two values. */
export function assertField(value: bigint, what = 'field element'): bigint {
  if (value < 0n || value >= P) {
    throw new VouchError('VALUE_OUT_OF_RANGE', {
      rule: `${what} must be below the order of the scalar field`,
      given: shown(value),
    })
  }
  return value
}

/** A field element as its 32 bytes. */
export function fieldToBytes(value: bigint, what?: string): Uint8Array {
  return fromInteger(assertField(value, what), 32)
}

/** `field(d, x)`: the one way from bytes to a field element. 31 bytes of a hash are always below p. */
export function fieldFromHash(domain: string, content: Uint8Array): bigint {
  return toInteger(sha256(concat(ascii(domain), content)).subarray(0, 31))
}

/** The two 16-byte halves of 32 bytes, each of which a field element holds whole. */
export function halves(bytes: Uint8Array): readonly [hi: bigint, lo: bigint] {
  assertLength(bytes, 32, 'value')
  return [toInteger(bytes.subarray(0, 16)), toInteger(bytes.subarray(16))]
}

/** Refuses a byte string of another length. */
export function assertLength(bytes: Uint8Array, length: number, what: string): Uint8Array {
  if (bytes.length !== length) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: `${what} must have ${length} bytes`,
      given: `${bytes.length} bytes`,
    })
  }
  return bytes
}
