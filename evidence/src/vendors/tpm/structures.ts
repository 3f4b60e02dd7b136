import { shown, VouchError } from '@vouch/protocol'
import type { Reader, Writer } from '@vouch/protocol/codec'
import { HASHES, PCR_COUNT, type TpmHash } from '../eventlog/banks.js'

// What TPM structures are made of.

const HASH_NAMES = Object.keys(HASHES) as TpmHash[]

export const readNumber = (input: Reader, size: 1 | 2 | 4, field: string): number =>
  Number(input.uint(size, field))

/** A TPM2B: its length, bounded before it is believed, and its bytes. */
export function readSized(input: Reader, max: number, field: string): Uint8Array {
  const length = readNumber(input, 2, `length of ${field}`)
  if (length <= max) return input.take(length, field)
  throw new VouchError('TOO_LARGE', { rule: `${field} must have at most ${max} bytes`, given: `${length}` })
}

export function writeSized(out: Writer, bytes: Uint8Array): void {
  out.uint(bytes.length, 2)
  out.bytes(bytes)
}

export function readHash(input: Reader, field: string): TpmHash {
  const id = readNumber(input, 2, field)
  return hashById(id) ?? unknown(field, id)
}

export const hashById = (id: number): TpmHash | undefined => HASH_NAMES.find((name) => HASHES[name].id === id)

/** The PCRs whose bits are set in a selection: the lowest bit of the first byte is PCR 0. */
export const pcrsIn = (bits: Uint8Array): readonly number[] =>
  Array.from({ length: PCR_COUNT }, (_, pcr) => pcr).filter(
    (pcr) => (((bits[pcr >> 3] ?? 0) >> (pcr & 7)) & 1) === 1,
  )

export const writeHash = (out: Writer, hash: TpmHash): void => out.uint(HASHES[hash].id, 2)

/** An identifier that nothing here knows. */
export function unknown(field: string, id: number): never {
  throw new VouchError('ALGORITHM_UNKNOWN', {
    rule: `${field} must be one that is known here`,
    given: shown(`0x${id.toString(16)}`),
  })
}
