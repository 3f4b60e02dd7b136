import { encodeEventLog, parseEventLog } from '@vouch/evidence'
import { looksLikeEventLog } from '../src/vendors/eventlog/parse.js'

/**
 * Of which bits of a file a test flips each: of every one, of a sample, or of every so many that VOUCH_FLIP_STEP says. A sample
 * starts at another bit in each file, so that files of one form make up for one another.
 */
export function bitsToFlip(size: number, { isWhole, seed }: { isWhole: boolean; seed: number }): number[] {
  const asked = process.env.VOUCH_FLIP_STEP
  const every = isWhole ? 1 : Math.max(1, Math.floor((8 * size) / SAMPLED))
  const step = asked === undefined ? every : Number(asked)
  return Array.from(
    { length: Math.floor((8 * size - (seed % step) - 1) / step) + 1 },
    (_, i) => (seed % step) + i * step,
  )
}

/** Of each file, where not every bit is. */
const SAMPLED = 40

/** Bytes that nothing vouches for: why, and where. */
interface Unsigned {
  readonly why: string
  readonly from: number
  readonly to: number
}

/**
 * The parts of evidence that are signed by nobody and hashed into nothing: whatever they say, the rest stands. There are some in
 * event logs, and nowhere else.
 */
export function unsignedIn(bytes: Uint8Array): readonly Unsigned[] {
  if (!looksLikeEventLog(bytes)) return []
  const log = parseEventLog(bytes)
  const found: Unsigned[] = []
  const field = (why: string, from: number, size: number) => found.push({ why, from, to: from + size })
  field('the register of the first event, which nobody measures', 0, 4)
  field('platformClass and specErrata of the first event', 32 + 16, 8)
  field(
    'the vendor’s bytes in the first event',
    32 + 29 + 4 * (log.algorithms.length - 1),
    log.header.data.length,
  )
  let at = encodeEventLog({ ...log, events: [], fill: new Uint8Array() }).length
  for (const { type, digests, data } of log.events) {
    field('the type of an event', at + 4, 4)
    const size = digests.reduce((sum, { digest }) => sum + 2 + digest.length, 0)
    if (type === EV_NO_ACTION) field('digests of an event that nobody measures', at + 12, size)
    field('what an event says of itself', at + 12 + size + 4, data.length)
    at += 12 + size + 4 + data.length
  }
  return found
}

const EV_NO_ACTION = 3
