import { type Json, jsonObject, shown, VouchError } from '@vouch/protocol'
import { type Codec, mismatch } from '@vouch/protocol/codec'

/** A value, or a word that says that there is none: leaving it out says nothing. */
export function orWord<T, Word extends string>(
  codec: Codec<T>,
  word: Word,
  what = 'a number',
): Codec<T | Word> {
  return {
    write: (out, value, at) => {
      out.uint(value === word ? 0 : 1, 1)
      if (value !== word) codec.write(out, value as T, at)
    },
    read: (input, at) => {
      const isThere = input.uint(1, at)
      if (isThere > 1n)
        throw new VouchError('NOT_CANONICAL', {
          rule: `presence of ${at} must be 0 or 1`,
          given: `${isThere}`,
        })
      return isThere === 1n ? codec.read(input, at) : word
    },
    toJson: (value) => (value === word ? word : codec.toJson(value as T)),
    fromJson: (json, at) => {
      if (json === word) return word
      return typeof json === 'string'
        ? mismatch(at, `${what}, or the word ${word}`, json)
        : codec.fromJson(json, at)
    },
    schema: jsonObject({ anyOf: [codec.schema, jsonObject({ const: word })] }),
  }
}

/** An object whose members are some of these, one at least; each has a number of its own in bytes. */
export function someOf<T extends object>(
  members: { readonly [Name in keyof T]-?: Codec<NonNullable<T[Name]>> },
): Codec<T> {
  const entries = Object.entries(members) as [string, Codec<unknown>][]
  const named = (value: T): [string, Codec<unknown>, unknown][] =>
    entries.flatMap(([name, codec]) => {
      const member = (value as Readonly<Record<string, unknown>>)[name]
      return member === undefined ? [] : [[name, codec, member]]
    })
  const assertSome = (found: readonly unknown[], at: string): void => {
    if (found.length === 0)
      throw new VouchError('VALUE_OUT_OF_RANGE', {
        rule: `${at} must name one at least of ${entries.map(([name]) => name).join(', ')}`,
      })
  }
  return {
    write: (out, value, at) => {
      const found = named(value)
      assertSome(found, at)
      for (const [i, [name]] of entries.entries()) {
        const member = found.find(([candidate]) => candidate === name)
        if (member === undefined) continue
        out.uint(i + 1, 1)
        member[1].write(out, member[2], `${at}.${name}`)
      }
      out.uint(0, 1)
    },
    read: (input, at) => {
      const found: [string, unknown][] = []
      let last = 0
      for (let number = Number(input.uint(1, at)); number !== 0; number = Number(input.uint(1, at))) {
        const entry = entries[number - 1]
        if (number <= last || entry === undefined)
          throw new VouchError('NOT_ASCENDING', { rule: `${at} must ascend`, given: `${number}` })
        found.push([entry[0], entry[1].read(input, `${at}.${entry[0]}`)])
        last = number
      }
      assertSome(found, at)
      return Object.fromEntries(found) as T
    },
    toJson: (value) => new Map(named(value).map(([name, codec, member]) => [name, codec.toJson(member)])),
    fromJson: (json, at) => {
      if (!(json instanceof Map)) mismatch(at, 'an object', json)
      const found = [...(json as ReadonlyMap<string, Json>)].map(([name, value]): [string, unknown] => {
        const codec = entries.find(([known]) => known === name)?.[1]
        if (codec === undefined)
          throw new VouchError('MEMBER_UNKNOWN', {
            rule: `${at} must name none but ${entries.map(([known]) => known).join(', ')}`,
            given: shown(name),
          })
        return [name, codec.fromJson(value, `${at}.${name}`)]
      })
      assertSome(found, at)
      return Object.fromEntries(found) as T
    },
    schema: jsonObject({
      type: 'object',
      properties: new Map(entries.map(([name, codec]) => [name, codec.schema])),
      minProperties: 1,
      additionalProperties: false,
    }),
  }
}
