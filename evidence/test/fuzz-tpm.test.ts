import { encodeAttest, encodeHcl, parseAttest, parseHcl } from '@vouch/evidence'
import { concat, VouchError } from '@vouch/protocol'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mutatedBytes } from '../../protocol/test/support/mutation.js'
import { parseRuntimeData } from '../src/azure/runtime-data.js'
import { parseTcg12 } from '../src/eventlog/tcg12.js'
import { parsePcrs } from '../src/tpm/pcrs.js'
import { encodePublicArea, nameOf, parsePublicArea, spkiOf } from '../src/tpm/public-area.js'
import { encodeSignature, parseSignature } from '../src/tpm/signature.js'
import { publicKeyType } from '../src/x509/public-key.js'
import { fileOf } from './support/files.js'
import { judgeSimulated } from './support/judge.js'
import { attestAzure, attestTpm, tcg12Event, tpm } from './support/tpm.js'
import { area, areaFile, creation } from './support/tpm-structures.js'

const RUNS = Number(process.env.VOUCH_FUZZ_RUNS ?? 2000)
const quote = await attestTpm()
const quoteBytes = fileOf(quote, 'quote_msg.bin').bytes
const everything = [...quote, areaFile(), ...(await creation(quoteBytes, nameOf(areaFile().bytes, area)))]
const machine = await attestAzure()

/** What something gives, or nothing when it is refused; any other error is a bug. */
function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return undefined
    throw error
  }
}

test('any bytes are read or refused, and what is read is written again as it was', () => {
  const log = concat(tcg12Event(0, new Uint8Array(20)), tcg12Event(4, new Uint8Array(20)))
  const samples = [...everything, ...machine].map(({ bytes }) => bytes)
  fc.assert(
    fc.property(
      fc.oneof(mutatedBytes([...samples, log, tpm.spki]), fc.uint8Array({ maxLength: 600 })),
      (bytes) => {
        const attest = unlessRefused(() => parseAttest(bytes))
        if (attest !== undefined) expect(concat(encodeAttest(attest.attest), attest.trailing)).toEqual(bytes)
        const signature = unlessRefused(() => parseSignature(bytes))
        if (signature !== undefined)
          expect(concat(encodeSignature(signature.signature), signature.trailing)).toEqual(bytes)
        const hcl = unlessRefused(() => parseHcl(bytes))
        if (hcl !== undefined) expect(concat(encodeHcl(hcl.hcl), hcl.trailing)).toEqual(bytes)
        const area = unlessRefused(() => parsePublicArea(bytes))
        if (area !== undefined) {
          expect(encodePublicArea(area)).toEqual(bytes)
          unlessRefused(() => publicKeyType(spkiOf(area)))
        }
        unlessRefused(() => parsePcrs(bytes))
        unlessRefused(() => parseTcg12(bytes))
        unlessRefused(() => parseRuntimeData(bytes))
        unlessRefused(() => publicKeyType(bytes))
      },
    ),
    { numRuns: RUNS },
  )
})

describe.each([
  ['a TPM', everything],
  ['a machine of Azure', machine],
] as const)('of %s', (_, files) => {
  test('all of it is accepted as it is', async () => {
    expect(await judgeSimulated(files)).toBe(true)
  })

  test.each(files.map(({ name }, i) => [name, i] as const))(
    '%s with a bit flipped, or cut short, is not accepted',
    { timeout: 60_000 },
    async (_, i) => {
      const { bytes = new Uint8Array() } = files[i] ?? {}
      const withBytes = (changed: Uint8Array) =>
        files.map((file, j) => (i === j ? { ...file, bytes: changed } : file))
      const step = bytes.length <= 300 ? 1 : 7
      for (let at = 0; at < bytes.length; at += step) {
        const flipped = bytes.with(at, (bytes[at] ?? 0) ^ (1 << (at % 8)))
        expect([at, await judgeSimulated(withBytes(flipped))]).toEqual([at, false])
      }
      for (let length = 64; length < bytes.length; length += 41)
        expect([length, await judgeSimulated(withBytes(bytes.subarray(0, length)))]).toEqual([length, false])
    },
  )
})
