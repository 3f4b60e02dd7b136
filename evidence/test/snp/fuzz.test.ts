import { authenticate, type EvidenceFile, parseEvidence } from '@vouch/evidence'
import { VouchError } from '@vouch/protocol'
import { expect, test } from 'vitest'
import { attest, NOW, vendor } from '../../testing/simulated.js'

const files = await attest()
const list = await vendor.revoke('root', {
  thisUpdate: NOW - 1,
  nextUpdate: NOW + 1,
  revoked: [Uint8Array.of(1), Uint8Array.of(2)],
})
const everything = [...files, list]

async function isAccepted(given: readonly EvidenceFile[]): Promise<boolean> {
  try {
    const { authentic } = await authenticate((await parseEvidence(given)).evidence, NOW)
    return authentic !== undefined
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return false
    throw error
  }
}

const withFile = (i: number, bytes: Uint8Array): readonly EvidenceFile[] =>
  everything.map((file, j) => (i === j ? { ...file, bytes } : file))

test('untouched, all of it is accepted', async () => {
  expect(await isAccepted(everything)).toBe(true)
})

test.each(everything.map(({ name }, i) => [name, i] as const))(
  '%s cut short is not accepted as it was',
  async (_, i) => {
    const { bytes = new Uint8Array() } = everything[i] ?? {}
    for (let length = 0; length < bytes.length; length += 37) {
      const given = withFile(i, bytes.subarray(0, length))
      // A list that is cut until it is nothing known is as good as none; nothing else may be missing.
      const isPassedOver = i === everything.indexOf(list) && length < 4 + 4 + 3
      expect([length, await isAccepted(given)]).toEqual([length, isPassedOver])
    }
  },
)

test.each(everything.map(({ name }, i) => [name, i] as const))(
  '%s with a bit flipped is not accepted',
  async (name, i) => {
    const { bytes = new Uint8Array() } = everything[i] ?? {}
    const step = name === 'report.bin' ? 3 : 7
    for (let bit = 0; bit < 8 * bytes.length; bit += bit < 8 * 32 ? 1 : 8 * step + 1) {
      const flipped = bytes.with(bit >> 3, (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
      expect([bit, await isAccepted(withFile(i, flipped))]).toEqual([bit, false])
    }
  },
)
