import { authenticate, type EvidenceFile, parseEvidence } from '@vouch/evidence'
import { VouchError } from '@vouch/protocol'
import { expect, test } from 'vitest'
import { quoteGuest } from '../../testing/intel.js'
import { NOW } from '../../testing/simulated.js'

const files = await quoteGuest()
async function isAccepted(given: readonly EvidenceFile[]): Promise<boolean> {
  try {
    const { authentic } = await authenticate((await parseEvidence(given)).evidence, NOW)
    return authentic !== undefined && 'trailing' in authentic.claims && authentic.claims.trailing === 0
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return false
    throw error
  }
}

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
