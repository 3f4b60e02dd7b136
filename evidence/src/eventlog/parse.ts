import { ascii, concat, equalBytes, VouchError } from '@vouch/protocol'
import { Cursor, littleEndian } from '../fields.js'
import {
  EV_NO_ACTION,
  HASHES,
  type LogHash,
  OLD_DIGEST_BYTES,
  SPEC_ID_FIXED_BYTES,
  SPEC_ID_SIGNATURE,
} from './layout.js'
import type { LoggedEvent } from './types.js'

/** A log in crypto-agile format. It is signed by nobody: registers that it leads to are what vouches for it. */
export interface EventLog {
  /** The first entry, in the older format: it names the hash algorithms, and is not measured. */
  readonly header: { readonly index: number; readonly data: Uint8Array }
  readonly events: readonly LoggedEvent[]
  /** What fills the memory behind the log: nothing, or one byte over and over, 00 or ff. */
  readonly fill: Uint8Array
}

/** Firmware sets aside 64 to 256 KiB. */
const MAX_LOG_BYTES = 1_048_576
const MAX_EVENTS = 16_384
const SIGNATURE = ascii(SPEC_ID_SIGNATURE)
const SIGNATURE_AT = 4 + 4 + OLD_DIGEST_BYTES + 4

/** Whether bytes are meant as a log in crypto-agile format. */
export function looksLikeEventLog(bytes: Uint8Array): boolean {
  return equalBytes(bytes.subarray(SIGNATURE_AT, SIGNATURE_AT + SIGNATURE.length), SIGNATURE)
}

export function parseEventLog(bytes: Uint8Array): EventLog {
  if (bytes.length > MAX_LOG_BYTES) {
    throw new VouchError('TOO_LARGE', {
      rule: `an event log must be at most ${MAX_LOG_BYTES} bytes`,
      given: `${bytes.length}`,
    })
  }
  const cursor = new Cursor(bytes, 'an event log')
  const header = readHeader(cursor)
  const hashes = hashesIn(header.data)
  const events: LoggedEvent[] = []
  while (!isFill(cursor.rest())) {
    if (events.length === MAX_EVENTS)
      throw new VouchError('TOO_LARGE', { rule: `an event log must hold at most ${MAX_EVENTS} events` })
    events.push(readEvent(cursor, hashes))
  }
  return { header, events, fill: cursor.rest() }
}

/** The bytes of a log: the same that it was read from. */
export function encodeEventLog({ header, events, fill }: EventLog): Uint8Array {
  const old = new Uint8Array(OLD_DIGEST_BYTES)
  return concat(
    littleEndian(header.index, 4),
    littleEndian(EV_NO_ACTION, 4),
    old,
    sized(header.data),
    ...events.flatMap(({ index, type, digests, data }) => [
      littleEndian(index, 4),
      littleEndian(type, 4),
      littleEndian(digests.length, 4),
      ...digests.flatMap(({ hash, digest }) => [littleEndian(HASHES[hash].id, 2), digest]),
      sized(data),
    ]),
    fill,
  )
}

const sized = (data: Uint8Array): Uint8Array => concat(littleEndian(data.length, 4), data)

function readHeader(cursor: Cursor): EventLog['header'] {
  const index = cursor.number(4, 'register')
  const type = cursor.number(4, 'type of event')
  const digest = cursor.take(OLD_DIGEST_BYTES, 'digest')
  if (type !== EV_NO_ACTION || digest.some((byte) => byte !== 0))
    throw malformed('an event log must begin with an event that nobody measures')
  return { index, data: cursor.block(4, 'event') }
}

/** The hashes that each event has a digest of. */
function hashesIn(header: Uint8Array): readonly LogHash[] {
  const cursor = new Cursor(header, 'the first event of a log')
  cursor.take(SIGNATURE.length + SPEC_ID_FIXED_BYTES, 'version')
  const count = cursor.number(4, 'number of algorithms')
  const most = Object.keys(HASHES).length
  if (count === 0 || count > most)
    throw malformed(`an event log must have 1 to ${most} algorithms`, `${count}`)
  const hashes = Array.from({ length: count }, () => {
    const hash = hashOf(cursor.number(2, 'algorithm'))
    const bytes = cursor.number(2, 'size of digest')
    if (bytes !== HASHES[hash].bytes) throw malformed(`a digest of ${hash} must have its size`, `${bytes}`)
    return hash
  })
  cursor.block(1, 'vendor info')
  cursor.end()
  if (new Set(hashes).size === count) return hashes
  throw malformed('an event log must name each algorithm once')
}

function hashOf(id: number): LogHash {
  const names = Object.keys(HASHES) as LogHash[]
  const hash = names.find((name) => HASHES[name].id === id)
  if (hash !== undefined) return hash
  throw new VouchError('ALGORITHM_UNKNOWN', {
    rule: `the digests of an event log must be of ${names.join(', ')}`,
    given: `algorithm ${id}`,
  })
}

function readEvent(cursor: Cursor, hashes: readonly LogHash[]): LoggedEvent {
  const index = cursor.number(4, 'register')
  const type = cursor.number(4, 'type of event')
  const count = cursor.number(4, 'number of digests')
  if (count !== hashes.length) throw malformed('an event must have one digest of each algorithm', `${count}`)
  const digests = Array.from({ length: count }, () => {
    const hash = hashOf(cursor.number(2, 'algorithm'))
    if (!hashes.includes(hash)) throw malformed('a digest must be of an algorithm that the log names', hash)
    return { hash, digest: cursor.take(HASHES[hash].bytes, 'digest') }
  })
  return { index, type, digests, data: cursor.block(4, 'event') }
}

/** Whether there is nothing more but fill. Where an event starts with its first byte, it is looked at no further. */
function isFill(rest: Uint8Array): boolean {
  const [first] = rest
  if (first === undefined) return true
  return (first === 0xff || first === 0) && rest.every((byte) => byte === first)
}

function malformed(rule: string, given?: string): VouchError {
  return new VouchError('NOT_CANONICAL', given === undefined ? { rule } : { rule, given })
}
