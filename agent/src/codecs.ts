import { type Json, jsonObject, shown, VouchError } from '@vouch/protocol'
import { type Codec, mismatch } from '@vouch/protocol/codec'

/** An object whose member `name` says which of several forms it has. */
export function choiceByName<T extends { readonly name: string }>(
  forms: { readonly [Name in T['name']]: Codec<Extract<T, { name: Name }>> },
): Codec<T> {
  const entries = Object.entries(forms) as [string, Codec<T>][]
  const formOf = (name: Json | undefined, at: string): Codec<T> => {
    if (name === undefined)
      throw new VouchError('MEMBER_MISSING', { rule: `${at} must have the member name` })
    const found = entries.find(([known]) => known === name)
    if (found !== undefined) return found[1]
    throw new VouchError('VALUE_OUT_OF_RANGE', {
      rule: `${at}.name must be one of ${entries.map(([known]) => known).join(', ')}`,
      ...(typeof name === 'string' ? { given: shown(name) } : {}),
    })
  }
  return {
    write: (out, value, at) => {
      out.uint(
        entries.findIndex(([known]) => known === value.name),
        1,
      )
      formOf(value.name, at).write(out, value, at)
    },
    read: (input, at) => formOf(entries[Number(input.uint(1, at))]?.[0], at).read(input, at),
    toJson: (value) => formOf(value.name, 'value').toJson(value),
    fromJson: (json, at) => {
      if (!(json instanceof Map)) mismatch(at, 'an object', json)
      return formOf((json as ReadonlyMap<string, Json>).get('name'), at).fromJson(json, at)
    },
    schema: jsonObject({ oneOf: entries.map(([, codec]) => codec.schema) }),
  }
}
