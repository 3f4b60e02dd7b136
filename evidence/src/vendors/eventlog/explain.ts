import { toHex } from '@vouch/protocol'
import { type ExplainedField, field } from '../../core/explain.js'
import { HASHES } from './banks.js'
import { parseEventLog } from './parse.js'
import { parseTcg12 } from './tcg12.js'
import type { LoggedEvent } from './types.js'

export const explainEventLog = (bytes: Uint8Array): readonly ExplainedField[] =>
  parseEventLog(bytes).events.flatMap(explainEvent)

export const explainTcg12 = (bytes: Uint8Array): readonly ExplainedField[] =>
  parseTcg12(bytes).flatMap(explainEvent)

/** What an event says of itself, nothing vouches for: shown is what leads to registers. */
const explainEvent = ({ register, type, digests, data }: LoggedEvent, i: number): readonly ExplainedField[] =>
  digests.map(({ algorithm, digest }) =>
    field(
      `event ${i}: register ${register}`,
      toHex(digest),
      `${hashName(algorithm)}, type 0x${type.toString(16)}, ${data.length} bytes of data`,
    ),
  )

const hashName = (algorithm: number): string =>
  Object.entries(HASHES).find(([, { id }]) => id === algorithm)?.[0] ?? `algorithm ${algorithm}`
