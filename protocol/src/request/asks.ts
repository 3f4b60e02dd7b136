import { MAX_TIME } from '../credential.js'
import type { Codec } from '../notation/codec.js'
import { choice } from '../notation/composites.js'
import { fixedBytes, uint } from '../notation/scalars.js'

/** Grid of every time in a Request, in seconds: a finer one could serve as a name. */
export const TIME_GRID = 60

export const gridTime: Codec<number> = uint(8, {
  max: MAX_TIME - (MAX_TIME % TIME_GRID),
  multipleOf: TIME_GRID,
})

/** What a Request asks for: one answer, or a session in which the verifier asks as often as it likes. */
export type Asks =
  | { readonly kind: 'answer' }
  | {
      readonly kind: 'session'
      /** The verifier's X25519 key: the service opens asks from its holder alone, and seals what it says to it. */
      readonly sealingKey: Uint8Array
      /** The end of the session. The admission must be in force until then. */
      readonly until: number
    }

const KEY_BYTES = 32
const TIME_BYTES = 8

export const asks: Codec<Asks> = choice<Asks>(
  {
    answer: { number: 0, members: {} },
    session: { number: 1, members: { sealingKey: fixedBytes(KEY_BYTES), until: gridTime } },
  },
  KEY_BYTES + TIME_BYTES,
)
