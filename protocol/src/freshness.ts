import { type Codec, mismatch } from './codec/codec.js'
import { record } from './codec/composites.js'
import { type Json, jsonObject } from './codec/json.js'
import { oneOf, uint } from './codec/scalars.js'
import { VouchError } from './errors.js'

/** What dates a response: the challenge that its envelope carries, or its time. One of the two is always asked for. */
export type Freshness =
  | { readonly kind: 'challenge' }
  | { readonly kind: 'max_age'; readonly seconds: number }

/** The oldest response that may be asked for: a week. */
export const MAX_RESPONSE_AGE = 604_800

const kind = oneOf({ challenge: 0, max_age: 1 })
const seconds = uint(4, { min: 1, max: MAX_RESPONSE_AGE })
const none = uint(4, { max: 0 })
const byChallenge = record<{ readonly kind: 'challenge' | 'max_age' }>({ kind })
const byAge = record<{ readonly kind: 'challenge' | 'max_age'; readonly seconds: number }>({ kind, seconds })

/** In bytes: a kind, and 32 bits of seconds that are zero when the challenge decides. */
export const freshness: Codec<Freshness> = {
  write: (out, value, at) => {
    kind.write(out, value.kind, at)
    if (value.kind === 'max_age') seconds.write(out, value.seconds, at)
    else none.write(out, 0, at)
  },
  read: (input, at) => {
    if (kind.read(input, at) === 'max_age') return { kind: 'max_age', seconds: seconds.read(input, at) }
    none.read(input, `${at} without a maximum age`)
    return { kind: 'challenge' }
  },
  toJson: (value) => (value.kind === 'max_age' ? byAge.toJson(value) : byChallenge.toJson(value)),
  fromJson: (json, at) => {
    if (!(json instanceof Map)) mismatch(at, 'an object', json)
    const named = (json as ReadonlyMap<string, Json>).get('kind')
    if (named === undefined)
      throw new VouchError('MEMBER_MISSING', { rule: `${at} must have the member kind` })
    if (kind.fromJson(named, `${at}.kind`) === 'max_age') {
      return { kind: 'max_age', seconds: byAge.fromJson(json, at).seconds }
    }
    byChallenge.fromJson(json, at)
    return { kind: 'challenge' }
  },
  schema: jsonObject({
    oneOf: [
      schemaOf({ kind: jsonObject({ const: 'challenge' }) }),
      schemaOf({ kind: jsonObject({ const: 'max_age' }), seconds: seconds.schema }),
    ],
  }),
}

function schemaOf(properties: Readonly<Record<string, Json>>): Json {
  return jsonObject({
    type: 'object',
    properties: jsonObject(properties),
    required: Object.keys(properties),
    additionalProperties: false,
  })
}

/** Whether what a Request asks for is at least as strict as what a policy allows. */
export function isAsStrict(asked: Freshness, allowed: Freshness): boolean {
  if (asked.kind === 'challenge') return true
  return allowed.kind === 'max_age' && asked.seconds <= allowed.seconds
}
