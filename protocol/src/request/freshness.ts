import type { Codec } from '../notation/codec.js'
import { choice } from '../notation/composites.js'
import { uint } from '../notation/scalars.js'

/** What dates a response: the challenge that its envelope carries, or its time. A Request always asks for one of the two. */
export type Freshness =
  | { readonly kind: 'challenge' }
  | { readonly kind: 'max_age'; readonly seconds: number }

/** The oldest response that a Request may ask for: a week. */
export const MAX_RESPONSE_AGE = 604_800

const SECONDS_BYTES = 4

export const freshness: Codec<Freshness> = choice<Freshness>(
  {
    challenge: { number: 0, members: {} },
    max_age: { number: 1, members: { seconds: uint(SECONDS_BYTES, { min: 1, max: MAX_RESPONSE_AGE }) } },
  },
  SECONDS_BYTES,
)

/** Whether a Request asks for responses at least as fresh as a policy does. */
export function isAsStrict(asked: Freshness, allowed: Freshness): boolean {
  if (asked.kind === 'challenge') return true
  return allowed.kind === 'max_age' && asked.seconds <= allowed.seconds
}
