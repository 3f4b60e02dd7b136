import { describe, expect, test } from 'vitest'
import { nameOf } from '../../src/vendors/tpm/public-area.js'
import { fileOf } from '../../testing/files.js'
import { judgeSimulated } from '../../testing/judge.js'
import { attestAzure, attestTpm } from '../../testing/tpm.js'
import { area, areaFile, creation } from '../../testing/tpm-structures.js'

const quote = await attestTpm()
const quoteBytes = fileOf(quote, 'quote_msg.bin').bytes
const everything = [...quote, areaFile(), ...(await creation(quoteBytes, nameOf(areaFile().bytes, area)))]
const machine = await attestAzure()

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
