import { sha384 } from '@noble/hashes/sha2.js'
import { type EventLog, encodeEventLog, parseEventLog, type TdReport } from '@vouch/evidence'
import { ascii, concat } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { littleEndian } from '../../src/core/fields.js'
import { enclave, guest, quoteEnclave, quoteGuest } from '../../testing/intel.js'
import { allCodes } from '../../testing/quotes.js'
import { authenticated } from '../../testing/simulated.js'

const SHA384 = 0x0c
const header = concat(
  ascii('Spec ID Event03\0'),
  Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 2),
  littleEndian(1, 4),
  littleEndian(SHA384, 2),
  littleEndian(48, 2),
  Uint8Array.of(0),
)
const digests = [1, 2, 3, 4].map((fill) => new Uint8Array(48).fill(fill))
const event = (register: number, digest: Uint8Array, type = 1) => ({
  register,
  type,
  digests: [{ algorithm: SHA384, digest }],
  data: Uint8Array.of(register),
})
const [first = header, second = header, third = header, fourth = header] = digests

const log: EventLog = {
  header: { register: 1, data: header },
  algorithms: [{ id: SHA384, size: 48 }],
  events: [event(1, first), event(2, second), event(1, third), event(1, fourth, 3), event(4, fourth)],
  fill: new Uint8Array(20).fill(0xff),
}

const extended = (...values: readonly Uint8Array[]): Uint8Array =>
  values.reduce((held, value) => sha384(concat(held, value)), new Uint8Array(48))
const rtmrs: TdReport['rtmrs'] = [
  extended(first, third),
  extended(second),
  new Uint8Array(48),
  extended(fourth),
]

const given = (bytes: Uint8Array) => ({ name: 'ccel.bin', bytes })

describe('an event log', () => {
  test('is read, and written again as it was', () => {
    const bytes = encodeEventLog(log)
    expect(parseEventLog(bytes)).toEqual(log)
    expect(encodeEventLog(parseEventLog(bytes))).toEqual(bytes)
  })

  test('that leads to the registers of a guest goes with its quote', async () => {
    const { authentic, notChecked } = await authenticated([
      ...(await quoteGuest({ guest: { rtmrs } })),
      given(encodeEventLog(log)),
    ])
    expect(authentic?.claims).toMatchObject({ eventLog: { events: 5 } })
    expect(notChecked).toEqual(['what the events of the log say: only their digests lead to the registers'])
  })

  test('that leads elsewhere does not, whichever register it is', async () => {
    const file = given(encodeEventLog(log))
    const others = [0, 1, 2].map((wrong) =>
      rtmrs.map((value, i) => (i === wrong ? guest.mrTd : value)),
    ) as unknown as TdReport['rtmrs'][]
    for (const wrong of others)
      expect(await allCodes([...(await quoteGuest({ guest: { rtmrs: wrong } })), file])).toEqual([
        'EVENT_LOG_FALSE',
      ])
  })

  test('says nothing of an enclave', async () => {
    const { authentic, notChecked } = await authenticated([
      ...(await quoteEnclave()),
      given(encodeEventLog(log)),
    ])
    expect(authentic?.claims).toMatchObject({ mrEnclave: enclave.mrEnclave })
    expect(notChecked).toEqual(['event log: an enclave has no registers that it could lead to'])
  })

  test('comes once', async () => {
    const files = await quoteGuest({ guest: { rtmrs } })
    const other = { ...log, fill: new Uint8Array() }
    const both = [given(encodeEventLog(log)), given(encodeEventLog(other))]
    expect(await allCodes([...files, ...both])).toEqual(['EVIDENCE_AMBIGUOUS'])
  })
})

describe('an event log is refused', () => {
  const changed = (at: number, ...bytes: readonly number[]) => {
    const file = encodeEventLog(log)
    file.set(bytes, at)
    return () => parseEventLog(file)
  }
  const FIRST = 32 + header.length

  test.each([
    ['that starts with something measured', 'NOT_CANONICAL', changed(4, 1)],
    ['whose first event has a digest', 'NOT_CANONICAL', changed(8, 1)],
    ['with no algorithm', 'NOT_CANONICAL', changed(32 + 24, 0)],
    ['with more algorithms than it lists', 'TRUNCATED', changed(32 + 24, 3)],
    ['with SHA-384 of another length', 'NOT_CANONICAL', changed(32 + 30, 32)],
    ['with an event of two digests', 'NOT_CANONICAL', changed(FIRST + 8, 2)],
    ['with a digest of another algorithm', 'NOT_CANONICAL', changed(FIRST + 12, 11)],
    ['with an event that is longer than the log', 'TRUNCATED', changed(FIRST + 14 + 48, 0xff, 0xff)],
    [
      'whose fill is not one byte',
      'NOT_CANONICAL',
      () => parseEventLog(concat(encodeEventLog(log), new Uint8Array(40))),
    ],
    ['that is larger than any', 'TOO_LARGE', () => parseEventLog(new Uint8Array(1_048_577))],
  ] as const)('%s: %s', (_, code, read) => {
    expect(refusalOf(read).code).toBe(code)
  })
})
