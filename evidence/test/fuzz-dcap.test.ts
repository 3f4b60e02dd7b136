import {
  authenticate,
  type EvidenceFile,
  encodeEventLog,
  encodeQuote,
  parseEventLog,
  parseEvidence,
  parseQeIdentity,
  parseQuote,
  parseTcbInfo,
} from '@vouch/evidence'
import { equalBytes, VouchError } from '@vouch/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mutatedBytes } from '../../protocol/test/support/mutation.js'
import { openCollateralFile } from '../src/dcap/collateral-file.js'
import { pemBlocks } from '../src/pem.js'
import { utf8 } from './support/files.js'
import { guest15, quoteEnclave, quoteGuest } from './support/intel.js'
import { NOW } from './support/simulated.js'

const files = await quoteGuest()
const quotes = [
  files,
  await quoteGuest({ quote: { version: 5, report: guest15 } }),
  await quoteEnclave(),
].flatMap((made) => made.slice(0, 1).map(({ bytes }) => bytes))
const documents = files.slice(1, 3).map(({ bytes }) => bytes)
const RUNS = Number(process.env.VOUCH_FUZZ_RUNS ?? 1000)

/** What something gives, or nothing when it is refused; any other error is a bug. */
function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return undefined
    throw error
  }
}

async function isAccepted(given: readonly EvidenceFile[]): Promise<boolean> {
  try {
    const { authentic } = await authenticate((await parseEvidence(given)).evidence, NOW)
    return authentic !== undefined && 'trailing' in authentic.claims && authentic.claims.trailing === 0
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return false
    throw error
  }
}

test('any bytes are read as a quote or refused, and what is read is all of them', () => {
  fc.assert(
    fc.property(fc.oneof(mutatedBytes(quotes), fc.uint8Array({ maxLength: 2000 })), (bytes) => {
      const read = unlessRefused(() => parseQuote(bytes))
      if (read !== undefined) expect(equalBytes(encodeQuote(read.quote), bytes)).toBe(true)
    }),
    { numRuns: RUNS },
  )
})

test('any bytes are read as an event log or refused, and what is read is all of them', () => {
  const events = [1, 2].map((register) => ({
    register,
    type: 1,
    digests: [{ algorithm: 12, digest: new Uint8Array(48).fill(register) }],
    data: new Uint8Array(8),
  }))
  const data = Uint8Array.from([
    ...utf8('Spec ID Event03\0'),
    0,
    0,
    0,
    0,
    0,
    2,
    0,
    2,
    1,
    0,
    0,
    0,
    12,
    0,
    48,
    0,
    0,
  ])
  const log = encodeEventLog({
    header: { register: 0, data },
    algorithms: [{ id: 12, size: 48 }],
    events,
    fill: new Uint8Array(9),
  })
  fc.assert(
    fc.property(mutatedBytes([log]), (bytes) => {
      const read = unlessRefused(() => parseEventLog(bytes))
      if (read !== undefined) expect(equalBytes(encodeEventLog(read), bytes)).toBe(true)
    }),
    { numRuns: RUNS },
  )
})

test('any text is read as a document, as collateral or as PEM, or refused', () => {
  const texts = [
    ...documents,
    utf8(JSON.stringify({ tcb_info: '{}', tcb_info_signature: 'ab', root_ca_crl: '30' })),
  ]
  fc.assert(
    fc.property(mutatedBytes(texts), (bytes) => {
      unlessRefused(() => parseTcbInfo(bytes))
      unlessRefused(() => parseQeIdentity(bytes))
      unlessRefused(() => openCollateralFile({ name: 'collateral.json', bytes }))
      unlessRefused(() => pemBlocks(bytes))
    }),
    { numRuns: RUNS },
  )
})

test('untouched, all of it is accepted', async () => {
  expect(await isAccepted(files)).toBe(true)
})

test.each(files.map(({ name }, i) => [name, i] as const))(
  '%s with a bit flipped is not accepted',
  { timeout: 60_000 },
  async (_, i) => {
    const { bytes = new Uint8Array() } = files[i] ?? {}
    for (let at = 0; at < bytes.length; at += 11) {
      const flipped = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)))
      const given = files.map((file, j) => (i === j ? { ...file, bytes: flipped } : file))
      expect([at, await isAccepted(given)]).toEqual([at, false])
    }
  },
)

test.each(files.map(({ name }, i) => [name, i] as const))(
  '%s cut short is not accepted',
  { timeout: 60_000 },
  async (_, i) => {
    const { bytes = new Uint8Array() } = files[i] ?? {}
    for (let length = 0; length < bytes.length; length += 61) {
      const given = files.map((file, j) => (i === j ? { ...file, bytes: bytes.subarray(0, length) } : file))
      expect([length, await isAccepted(given)]).toEqual([length, false])
    }
  },
)
