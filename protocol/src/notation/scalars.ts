import { shown, VouchError } from '../errors.js'
import { assertField, assertLength } from '../hashes/field.js'
import { fromHex, fromInteger, toHex, toInteger } from './bytes.js'
import { type Codec, mismatch } from './codec.js'
import { type Json, jsonObject } from './json.js'

/** The number that names a format's version. Another one is never guessed at. */
export function version<N extends number>(number: N): Codec<N> {
  const check = (given: Json, at: string): N => {
    if (given === number) return number
    throw new VouchError('VERSION_UNKNOWN', {
      rule: `${at} must be ${number}`,
      given: shown(given),
      hint: 'a newer release may read it',
    })
  }
  return {
    write: (out, value, at) => out.uint(check(value, at), 1),
    read: (input, at) => check(Number(input.uint(1, at)), at),
    toJson: () => number,
    fromJson: check,
    schema: jsonObject({ const: number }),
  }
}

/** A byte string of one length; in JSON lower-case hexadecimal. */
export function fixedBytes(size: number): Codec<Uint8Array> {
  return {
    write: (out, value, at) => out.bytes(assertLength(value, size, at)),
    read: (input, at) => input.take(size, at),
    toJson: (value) => toHex(value),
    fromJson: (json, at) => {
      const hex = stringIn(json, at)
      if (hex.length === 2 * size) return fromHex(hex, at)
      throw new VouchError('VALUE_MALFORMED', {
        rule: `${at} must be ${2 * size} hexadecimal digits`,
        given: `${hex.length} characters`,
      })
    },
    schema: hexSchema(size, size),
  }
}

/** A byte string of bounded length behind its 32-bit length; in JSON lower-case hexadecimal. */
export function boundedBytes(min: number, max: number): Codec<Uint8Array> {
  const check = (length: number, at: string): number => {
    if (length >= min && length <= max) return length
    throw new VouchError('TOO_LARGE', {
      rule: `${at} must have ${min} to ${max} bytes`,
      given: `${length} bytes`,
    })
  }
  return {
    write: (out, value, at) => {
      out.uint(check(value.length, at), 4)
      out.bytes(value)
    },
    read: (input, at) => input.take(check(Number(input.uint(4, `length of ${at}`)), at), at),
    toJson: (value) => toHex(value),
    fromJson: (json, at) => {
      const hex = stringIn(json, at)
      check(hex.length / 2, at)
      return fromHex(hex, at)
    },
    schema: hexSchema(min, max),
  }
}

/** A field element as 32 bytes: below p, and below `limit` where a format leaves less room. */
export function fieldElement(limit?: bigint): Codec<bigint> {
  const bytes = fixedBytes(32)
  const check = (value: bigint, at: string): bigint => {
    if (limit !== undefined && value >= limit) {
      throw new VouchError('VALUE_OUT_OF_RANGE', {
        rule: `${at} must be below 2^${limit.toString(2).length - 1}`,
        given: shown(value),
      })
    }
    return assertField(value, at)
  }
  return {
    write: (out, value, at) => out.bytes(fromInteger(check(value, at), 32)),
    read: (input, at) => check(toInteger(bytes.read(input, at)), at),
    toJson: (value) => toHex(fromInteger(value, 32)),
    fromJson: (json, at) => check(toInteger(bytes.fromJson(json, at)), at),
    schema: bytes.schema,
  }
}

/** A line of printable ASCII that people name things by. */
export function text(max: number): Codec<string> {
  const check = (value: string, at: string): string => {
    if (value.length > 0 && value.length <= max && /^[\x20-\x7e]+$/.test(value)) return value
    throw new VouchError('VALUE_MALFORMED', {
      rule: `${at} must be 1 to ${max} characters of printable ASCII`,
      given: shown(value),
    })
  }
  return {
    write: (out, value, at) => {
      out.uint(check(value, at).length, 2)
      out.bytes(new TextEncoder().encode(value))
    },
    read: (input, at) =>
      check(new TextDecoder().decode(input.take(Number(input.uint(2, `length of ${at}`)), at)), at),
    toJson: (value) => value,
    fromJson: (json, at) => (typeof json === 'string' ? check(json, at) : mismatch(at, 'a text', json)),
    schema: jsonObject({ type: 'string', minLength: 1, maxLength: max, pattern: '^[ -~]+$' }),
  }
}

/** A whole number in `size` bytes. */
export function uint(
  size: 1 | 2 | 4 | 8,
  {
    min = 0,
    max,
    multipleOf = 1,
  }: { readonly min?: number; readonly max: number; readonly multipleOf?: number },
): Codec<number> {
  const check = (value: number, at: string): number => {
    if (Number.isSafeInteger(value) && value >= min && value <= max && value % multipleOf === 0) return value
    const step = multipleOf === 1 ? '' : `, a multiple of ${multipleOf}`
    throw new VouchError('VALUE_OUT_OF_RANGE', {
      rule: `${at} must be ${min} to ${max}${step}`,
      given: shown(value),
    })
  }
  return {
    write: (out, value, at) => out.uint(check(value, at), size),
    read: (input, at) => check(Number(input.uint(size, at)), at),
    toJson: (value) => value,
    fromJson: (json, at) =>
      typeof json === 'number' ? check(json, at) : mismatch(at, 'a whole number', json),
    schema: jsonObject({
      type: 'integer',
      minimum: min,
      maximum: max,
      ...(multipleOf > 1 ? { multipleOf } : {}),
    }),
  }
}

/** A name out of a table; in bytes the table's number for it. */
export function oneOf<Name extends string>(numbers: Readonly<Record<Name, number>>): Codec<Name> {
  const names = Object.keys(numbers) as Name[]
  const refuse = (given: Json, at: string): never => {
    throw new VouchError('VALUE_OUT_OF_RANGE', {
      rule: `${at} must be one of ${names.join(', ')}`,
      given: shown(given),
    })
  }
  return {
    write: (out, name, at) => out.uint(names.includes(name) ? numbers[name] : refuse(name, at), 1),
    read: (input, at) => {
      const number = Number(input.uint(1, at))
      return names.find((name) => numbers[name] === number) ?? refuse(number, at)
    },
    toJson: (name) => name,
    fromJson: (json, at) =>
      names.find((name) => name === json) ?? refuse(json instanceof Object ? 'no name' : json, at),
    schema: jsonObject({ enum: names }),
  }
}

/** true or false; in bytes 1 or 0. */
export const flag: Codec<boolean> = {
  write: (out, value) => out.uint(value ? 1 : 0, 1),
  read: (input, at) => {
    const byte = input.uint(1, at)
    if (byte > 1n) throw new VouchError('NOT_CANONICAL', { rule: `${at} must be 0 or 1`, given: shown(byte) })
    return byte === 1n
  },
  toJson: (value) => value,
  fromJson: (json, at) => (typeof json === 'boolean' ? json : mismatch(at, 'true or false', json)),
  schema: jsonObject({ type: 'boolean' }),
}

function stringIn(json: Json, at: string): string {
  return typeof json === 'string' ? json : mismatch(at, 'hexadecimal', json)
}

function hexSchema(minBytes: number, maxBytes: number): Json {
  return jsonObject({
    type: 'string',
    pattern: '^([0-9a-f]{2})*$',
    minLength: 2 * minBytes,
    maxLength: 2 * maxBytes,
  })
}
