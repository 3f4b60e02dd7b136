import { ascii, concat, equalBytes, VouchError } from '@vouch/protocol'
import { FieldCursor, littleEndian, numberAt } from '../../core/fields.js'
import { beginsLike } from '../../core/resemblance.js'
import {
  EV_NO_ACTION,
  EVENT_DIGEST_BYTES,
  OLD_DIGEST_BYTES,
  SPEC_ID,
  SPEC_ID_FIXED_BYTES,
  SPEC_ID_SIGNATURE,
} from './layout.js'
import type { EventLog, LoggedEvent } from './types.js'

/** Firmware sets aside 64 to 256 KiB. */
const MAX_LOG_BYTES = 1_048_576
const MAX_ALGORITHMS = 8
const MAX_EVENTS = 16_384
const SIGNATURE = ascii(SPEC_ID_SIGNATURE)
const SIGNATURE_AT = 4 + 4 + OLD_DIGEST_BYTES + 4

/** Whether bytes are meant as a log in crypto-agile format. */
export function looksLikeEventLog(bytes: Uint8Array): boolean {
  return beginsLike(bytes.subarray(SIGNATURE_AT), SIGNATURE)
}

export function parseEventLog(bytes: Uint8Array): EventLog {
  if (bytes.length > MAX_LOG_BYTES) {
    throw new VouchError('TOO_LARGE', {
      rule: `an event log must be at most ${MAX_LOG_BYTES} bytes`,
      given: `${bytes.length}`,
    })
  }
  const cursor = new FieldCursor(bytes, 'an event log')
  const header = readHeader(cursor)
  const algorithms = algorithmsIn(header.data)
  const events: LoggedEvent[] = []
  while (!isFill(cursor.rest())) {
    if (events.length === MAX_EVENTS)
      throw new VouchError('TOO_LARGE', { rule: `an event log must hold at most ${MAX_EVENTS} events` })
    events.push(readEvent(cursor, algorithms))
  }
  return { header, algorithms, events, fill: cursor.rest() }
}

/** The bytes of a log: the same that it was read from. */
export function encodeEventLog({ header, events, fill }: EventLog): Uint8Array {
  const old = new Uint8Array(OLD_DIGEST_BYTES)
  return concat(
    littleEndian(header.register, 4),
    littleEndian(EV_NO_ACTION, 4),
    old,
    sized(header.data),
    ...events.flatMap(({ register, type, digests, data }) => [
      littleEndian(register, 4),
      littleEndian(type, 4),
      littleEndian(digests.length, 4),
      ...digests.flatMap(({ algorithm, digest }) => [littleEndian(algorithm, 2), digest]),
      sized(data),
    ]),
    fill,
  )
}

const sized = (data: Uint8Array): Uint8Array => concat(littleEndian(data.length, 4), data)

function readHeader(cursor: FieldCursor): EventLog['header'] {
  const register = cursor.number(4, 'register')
  const type = cursor.number(4, 'type of event')
  const digest = cursor.take(OLD_DIGEST_BYTES, 'digest')
  if (type !== EV_NO_ACTION || digest.some((byte) => byte !== 0))
    throw malformed('an event log must begin with an event that nobody measures')
  return { register, data: cursor.block(4, 'event') }
}

function algorithmsIn(header: Uint8Array): EventLog['algorithms'] {
  const cursor = new FieldCursor(header, 'the first event of a log')
  if (!equalBytes(cursor.take(SIGNATURE.length, 'signature'), SIGNATURE))
    throw malformed('the first event of a log must say Spec ID Event03')
  const version = cursor.take(SPEC_ID_FIXED_BYTES, 'version')
  const number = (name: keyof typeof SPEC_ID): number => numberAt(version, SPEC_ID[name])
  const isKnownVersion = number('specVersionMajor') === 2 && number('specVersionMinor') === 0
  if (!isKnownVersion || number('platformClass') > 1 || ![1, 2].includes(number('uintnSize')))
    throw new VouchError('VERSION_UNKNOWN', {
      rule: 'an event log must have version 2.0, of a client or a server',
      given: [...version].join(' '),
    })
  const count = cursor.number(4, 'number of algorithms')
  if (count === 0 || count > MAX_ALGORITHMS)
    throw malformed(`an event log must have 1 to ${MAX_ALGORITHMS} algorithms`, `${count}`)
  const algorithms = Array.from({ length: count }, () => ({
    id: cursor.number(2, 'algorithm'),
    size: cursor.number(2, 'size of digest'),
  }))
  cursor.block(1, 'vendor info')
  cursor.end()
  const ids = new Set(algorithms.map(({ id }) => id))
  const isKnown = algorithms.every(({ id, size }) => (EVENT_DIGEST_BYTES.get(id) ?? size) === size)
  if (ids.size === count && isKnown) return algorithms
  throw malformed('an event log must name each algorithm once, with the size that it has')
}

function readEvent(cursor: FieldCursor, algorithms: EventLog['algorithms']): LoggedEvent {
  const register = cursor.number(4, 'register')
  const type = cursor.number(4, 'type of event')
  const count = cursor.number(4, 'number of digests')
  if (count !== algorithms.length)
    throw malformed('an event must have one digest of each algorithm', `${count}`)
  const digests = Array.from({ length: count }, () => {
    const id = cursor.number(2, 'algorithm')
    const known = algorithms.find((algorithm) => algorithm.id === id)
    if (known === undefined) throw malformed('a digest must be of an algorithm that the log names', `${id}`)
    return { algorithm: id, digest: cursor.take(known.size, 'digest') }
  })
  return { register, type, digests, data: cursor.block(4, 'event') }
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
