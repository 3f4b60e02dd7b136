import { sha256 } from '@noble/hashes/sha2.js'
import { type EventLog, encodeEventLog } from '@vouch/evidence'
import { ascii, concat } from '@vouch/protocol'
import { expect, test } from 'vitest'
import { littleEndian } from '../../src/core/fields.js'
import { allCodes } from '../../testing/quotes.js'
import { authenticated } from '../../testing/simulated.js'
import { attestTpm, pcrs, tcg12Event } from '../../testing/tpm.js'

// Crypto-agile logs of what was measured into a TPM.

const SHA256 = 0x0b
const data = concat(
  ascii('Spec ID Event03\0'),
  Uint8Array.of(0, 0, 0, 0, 0, 2, 0, 2),
  littleEndian(1, 4),
  littleEndian(SHA256, 2),
  littleEndian(32, 2),
  Uint8Array.of(0),
)
const digest = new Uint8Array(32).fill(7)
const event = (register: number, changes: Partial<EventLog['events'][number]> = {}) => ({
  register,
  type: 8,
  digests: [{ algorithm: SHA256, digest }],
  data: Uint8Array.of(1),
  ...changes,
})
const LOCALITY = 3
const start = event(0, {
  type: 3,
  data: concat(ascii('StartupLocality\0'), Uint8Array.of(LOCALITY)),
})
const log: EventLog = {
  header: { register: 0, data },
  algorithms: [{ id: SHA256, size: 32 }],
  events: [start, event(0), event(4)],
  fill: new Uint8Array(),
}
const file = (events = log.events) => ({ name: 'log.bin', bytes: encodeEventLog({ ...log, events }) })

/** What PCRs hold that the log leads to. */
const measured = new Map([
  ...pcrs,
  [0, sha256(concat(new Uint8Array(32).with(-1, LOCALITY), digest))],
  [4, sha256(concat(new Uint8Array(32), digest))],
])

test('a log that leads to the values of a quote goes with it', async () => {
  const { authentic, notChecked } = await authenticated([...(await attestTpm({ pcrs: measured })), file()])
  expect(authentic?.claims).toMatchObject({ quote: { replayed: 'sha256:0, sha256:4' } })
  expect(notChecked).toContain('what the events of the log say: PCRs vouch for their digests alone')
})

test('a log that leads elsewhere does not, whichever register it is', async () => {
  const logs = [
    [event(0), event(4)],
    [start, event(0)],
    [start, event(0), event(4), event(4)],
  ]
  const codes = await Promise.all(
    logs.map(async (events) => allCodes([...(await attestTpm({ pcrs: measured })), file(events)])),
  )
  // The second does not speak of PCR 4, and so does not lead it elsewhere.
  expect(codes).toEqual([['EVENT_LOG_FALSE'], [], ['EVENT_LOG_FALSE']])
})

test('two logs, one of each form, leave open which was meant', async () => {
  const older = { name: 'older.bin', bytes: tcg12Event(4, new Uint8Array(20)) }
  const files = [...(await attestTpm({ pcrs: measured })), file(), older]
  expect(await allCodes(files)).toEqual(['EVIDENCE_AMBIGUOUS'])
})
