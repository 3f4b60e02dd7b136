import { shown, VouchError } from '../errors.js'
import { Reader, Writer } from './binary.js'
import { canonicalJson, type Json, parseJson, textOf } from './json.js'

/**
 * One definition of a value, three forms: the bytes that are hashed and signed, the JSON that files hold, and the JSON
 * Schema that tells others. No library gives all three from one definition, strict in each.
 */
export interface Codec<T> {
  write(out: Writer, value: T, at: string): void
  read(input: Reader, at: string): T
  toJson(value: T): Json
  fromJson(json: Json, at: string): T
  readonly schema: Json
  /** Whether a JSON object may leave this member out. */
  readonly optional?: true
}

/** Largest file that is read at all: a bundle with the largest payload, written as hexadecimal, and room. */
export const MAX_FILE_BYTES = 4 * 1024 * 1024

/** The bytes of a value; throws when it is none. */
export function encode<T>(codec: Codec<T>, value: T, what: string): Uint8Array {
  const out = new Writer()
  codec.write(out, value, what)
  return out.finish()
}

/** The value of bytes that hold it, all of it and nothing else. */
export function decode<T>(codec: Codec<T>, bytes: Uint8Array, what: string): T {
  const input = new Reader(bytes, what)
  const value = codec.read(input, what)
  input.end()
  return value
}

/** The value that a JSON file holds. */
export function parseFile<T>(codec: Codec<T>, file: string | Uint8Array, what: string): T {
  if (file.length > MAX_FILE_BYTES) {
    throw new VouchError('TOO_LARGE', {
      rule: `${what} must be at most ${MAX_FILE_BYTES} bytes`,
      given: `${file.length}`,
    })
  }
  return codec.fromJson(parseJson(typeof file === 'string' ? file : textOf(file)), what)
}

/** The canonical text of a JSON file; throws when no reader would take it. */
export function printFile<T>(codec: Codec<T>, value: T, what: string): string {
  encode(codec, value, what) // for its checks: those of a file are the same
  return canonicalJson(codec.toJson(value))
}

/** Refuses JSON of another type. */
export function mismatch(at: string, wanted: string, json: Json): never {
  const given = json instanceof Map ? 'an object' : Array.isArray(json) ? 'an array' : shown(json)
  throw new VouchError('VALUE_MALFORMED', { rule: `${at} must be ${wanted}`, given })
}
