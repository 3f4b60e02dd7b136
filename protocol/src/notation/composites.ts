import { shown, VouchError } from '../errors.js'
import { Reader } from './binary.js'
import { compareBytes, toHex } from './bytes.js'
import { type Codec, encode, mismatch } from './codec.js'
import { type Json, jsonObject } from './json.js'
import { fixedBytes, flag, oneOf } from './scalars.js'

interface ListBounds {
  readonly min: number
  readonly max: number
  /** Whether a file may give the items in any order, because people write it. Once read, a list always ascends. */
  readonly anyOrder?: boolean
}

/** Distinct items in ascending order of their bytes: one set has one spelling. */
export function list<T>(item: Codec<T>, { min, max, anyOrder = false }: ListBounds): Codec<readonly T[]> {
  const bytesOf = (value: T, at: string): Uint8Array => encode(item, value, at)
  const checkCount = (count: number, at: string): number => {
    if (count >= min && count <= max) return count
    throw new VouchError('TOO_LARGE', {
      rule: `${at} must have ${min} to ${max} entries`,
      given: shown(count),
    })
  }
  const check = (items: readonly T[], at: string): readonly T[] => {
    checkCount(items.length, at)
    const encoded = items.map((value) => bytesOf(value, at))
    encoded.reduce((before, bytes) => {
      if (compareBytes(before, bytes) < 0) return bytes
      throw new VouchError('NOT_ASCENDING', {
        rule: `${at} must be distinct and ascend`,
        given: shown(toHex(bytes)),
      })
    }, new Uint8Array())
    return items
  }
  return {
    write: (out, items, at) => {
      out.uint(check(items, at).length, 2)
      for (const [i, value] of items.entries()) item.write(out, value, `${at}[${i}]`)
    },
    read: (input, at) => {
      const count = checkCount(Number(input.uint(2, `length of ${at}`)), at)
      return check(
        Array.from({ length: count }, (_, i) => item.read(input, `${at}[${i}]`)),
        at,
      )
    },
    toJson: (items) => items.map((value) => item.toJson(value)),
    fromJson: (json, at) => {
      if (!Array.isArray(json)) mismatch(at, 'a list', json)
      checkCount(json.length, at)
      const items = (json as readonly Json[]).map((entry, i) => item.fromJson(entry, `${at}[${i}]`))
      if (anyOrder) items.sort((a, b) => compareBytes(bytesOf(a, at), bytesOf(b, at)))
      return check(items, at)
    },
    schema: jsonObject({
      type: 'array',
      items: item.schema,
      minItems: min,
      maxItems: max,
      uniqueItems: true,
    }),
  }
}

/** Bytes that a file may leave out; in binary a flag and the bytes' place, zero when they are absent. */
export function optionalBytes(size: number): Codec<Uint8Array | undefined> {
  const present = fixedBytes(size)
  const zeros = new Uint8Array(size)
  return {
    optional: true,
    write: (out, value, at) => {
      flag.write(out, value !== undefined, at)
      present.write(out, value ?? zeros, at)
    },
    read: (input, at) => {
      const isThere = flag.read(input, `presence of ${at}`)
      const value = present.read(input, at)
      if (isThere) return value
      if (value.some((byte) => byte !== 0)) {
        throw new VouchError('NOT_CANONICAL', { rule: `${at} must be zero when it is absent` })
      }
      return undefined
    },
    toJson: (value) => present.toJson(value ?? zeros),
    fromJson: present.fromJson,
    schema: present.schema,
  }
}

/** A value that a file may leave out; in binary a flag, and the value when it is there. */
export function optional<T>(codec: Codec<T>): Codec<T | undefined> {
  return {
    optional: true,
    write: (out, value, at) => {
      flag.write(out, value !== undefined, at)
      if (value !== undefined) codec.write(out, value, at)
    },
    read: (input, at) => (flag.read(input, `presence of ${at}`) ? codec.read(input, at) : undefined),
    toJson: (value) => (value === undefined ? null : codec.toJson(value)),
    fromJson: codec.fromJson,
    schema: codec.schema,
  }
}

type Members<T> = { readonly [Name in keyof T]-?: Codec<T[Name]> }

/**
 * An object with exactly these members: in binary in the order given, in JSON under their names in snake case. The
 * version, where there is one, comes first and is judged first, so that a newer format is told apart from a broken one.
 */
export function record<T extends object>(members: Members<T>): Codec<T> {
  const fields = fieldsOf(members)
  return {
    write: (out, value, at) => {
      for (const { name, member, codec } of fields) codec.write(out, value[name], `${at}.${member}`)
    },
    read: (input, at) =>
      assemble(fields.map(({ name, member, codec }) => [name, codec.read(input, `${at}.${member}`)])),
    toJson: (value) =>
      new Map(
        fields
          .filter(({ name }) => value[name] !== undefined)
          .map(({ name, member, codec }) => [member, codec.toJson(value[name])]),
      ),
    fromJson: (json, at) => {
      if (!(json instanceof Map)) mismatch(at, 'an object', json)
      const given = new Map<string, Json>(json)
      const values = fields.map(({ name, member, codec }): [string, unknown] => {
        const value = given.get(member)
        given.delete(member)
        if (value !== undefined) return [name, codec.fromJson(value, `${at}.${member}`)]
        if (codec.optional) return [name, undefined]
        throw new VouchError('MEMBER_MISSING', { rule: `${at} must have the member ${member}` })
      })
      const [unknown] = given.keys()
      if (unknown === undefined) return assemble(values)
      throw new VouchError('MEMBER_UNKNOWN', {
        rule: `${at} must have no other members than its own`,
        given: shown(unknown),
      })
    },
    schema: objectSchema(fields),
  }
}

const fieldsOf = <T extends object>(members: Members<T>) =>
  (Object.keys(members) as (keyof T & string)[]).map((name) => ({
    name,
    member: snakeCase(name),
    codec: members[name] as Codec<T[keyof T]>,
  }))

interface SchemaField {
  readonly member: string
  readonly codec: Pick<Codec<unknown>, 'schema' | 'optional'>
}

function objectSchema(fields: readonly SchemaField[]): Json {
  return jsonObject({
    type: 'object',
    properties: new Map(fields.map(({ member, codec }) => [member, codec.schema])),
    required: fields.filter(({ codec }) => !codec.optional).map(({ member }) => member),
    additionalProperties: false,
  })
}

/** What one kind of a choice holds besides its kind, and the kind's number in bytes. */
type Kinds<T extends { readonly kind: string }> = {
  readonly [Kind in T['kind']]: {
    readonly number: number
    readonly members: Members<Omit<Extract<T, { readonly kind: Kind }>, 'kind'>>
  }
}

interface KindCodecs<T> {
  /** All but the kind. */
  readonly members: Codec<object>
  readonly whole: Codec<T>
}

/**
 * An object of one of several kinds, told apart by its member `kind`. In binary all kinds have one size: the kind's
 * number, its members, and zeros for the rest of `size` bytes.
 */
export function choice<T extends { readonly kind: string }>(kinds: Kinds<T>, size: number): Codec<T> {
  const names = Object.keys(kinds) as T['kind'][]
  const kind = oneOf(Object.fromEntries(names.map((name) => [name, kinds[name].number])))
  const codecs = new Map<string, KindCodecs<T>>(
    names.map((name) => {
      const members = kinds[name].members as Members<object>
      return [name, { members: record(members), whole: record({ kind, ...members }) as Codec<T> }]
    }),
  )
  /** Of a kind that there is: `kind` has refused any other. */
  const codecsOf = (name: string) => codecs.get(name) as KindCodecs<T>
  return {
    write: (out, value, at) => {
      kind.write(out, value.kind, at)
      const members = encode(codecsOf(value.kind).members, value, at)
      out.bytes(members)
      out.bytes(new Uint8Array(size - members.length))
    },
    read: (input, at) => {
      const name = kind.read(input, at)
      const members = new Reader(input.take(size, at), at)
      const value = codecsOf(name).members.read(members, at)
      if (members.rest().some((byte) => byte !== 0)) {
        throw new VouchError('NOT_CANONICAL', { rule: `what ${at} leaves free must be zero for ${name}` })
      }
      return { kind: name, ...value } as unknown as T
    },
    toJson: (value) => codecsOf(value.kind).whole.toJson(value),
    fromJson: (json, at) => {
      if (!(json instanceof Map)) mismatch(at, 'an object', json)
      const named = (json as ReadonlyMap<string, Json>).get('kind')
      if (named !== undefined) return codecsOf(kind.fromJson(named, `${at}.kind`)).whole.fromJson(json, at)
      throw new VouchError('MEMBER_MISSING', { rule: `${at} must have the member kind` })
    },
    schema: jsonObject({
      oneOf: names.map((name) =>
        objectSchema([
          { member: 'kind', codec: { schema: jsonObject({ const: name }) } },
          ...fieldsOf(kinds[name].members as Members<object>),
        ]),
      ),
    }),
  }
}

/** A codec whose values must hold together as well: `check` throws where they do not. */
export function refined<T>(codec: Codec<T>, check: (value: T, at: string) => void): Codec<T> {
  const checked = (value: T, at: string): T => {
    check(value, at)
    return value
  }
  return {
    ...codec,
    write: (out, value, at) => codec.write(out, checked(value, at), at),
    read: (input, at) => checked(codec.read(input, at), at),
    fromJson: (json, at) => checked(codec.fromJson(json, at), at),
  }
}

/** Values that are there, by name. The record's own definition says which these are, which the compiler cannot follow. */
function assemble<T>(values: readonly (readonly [string, unknown])[]): T {
  return Object.fromEntries(values.filter(([, value]) => value !== undefined)) as T
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
