import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { member, newFolder, scratch, using } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

/** How many writers die after they have acknowledged something. Fewer will do while one works on something else. */
const KILLS = Number(process.env.VOUCH_KILLS ?? 200)

interface Acknowledged {
  readonly admitted: Map<number, number>
  readonly removed: Set<number>
  newestHead: number
}

it(`${KILLS} writers killed at any time lose nothing and repeat nothing that they acknowledged`, async () => {
  const folder = await newFolder()
  const writer = await buildWriter(scratch())
  const all: Acknowledged = { admitted: new Map(), removed: new Set(), newestHead: 0 }
  let atWork = 0
  for (let kill = 0; atWork < KILLS; kill++) {
    expect(kill, 'writers that were killed').toBeLessThan(2 * KILLS)
    const run = new Writer(writer, ['admit', folder, String(kill * 10_000)])
    // Every sixth dies earlier, and does not count: while it takes over, reads or replays.
    if (kill % 6 > 0) await run.until('admitted')
    await setTimeout((kill * 89) % 150)
    await run.kill()
    expect(run.errors.join(''), `writer ${kill}`).toBe('')
    if (run.lines.some((line) => line.startsWith('admitted'))) atWork++
    for (const line of run.lines) note(all, line)
    if (kill % 20 === 19) await using(folder, async (registry) => expectKept(registry, all))
  }
  await using(
    folder,
    async (registry) => {
      expectKept(registry, all)
      const again = await Promise.allSettled([...all.admitted.keys()].map((n) => registry.admit(member(n))))
      for (const outcome of again) {
        const code = outcome.status === 'rejected' ? (outcome.reason as { code?: unknown }).code : 'ADMITTED'
        if (code !== 'NONCE_USED') expect.unreachable(`a nonce was taken a second time: ${String(code)}`)
      }
    },
    { rebuild: true },
  )
  expect(all.admitted.size).toBeGreaterThan(2 * KILLS)
}, 600_000)

function note(all: Acknowledged, line: string): void {
  const [what, first, second] = line.split(' ')
  if (what === 'admitted') {
    expect(all.admitted.has(Number(first))).toBe(false)
    all.admitted.set(Number(first), Number(second))
  }
  if (what === 'removed') all.removed.add(Number(first))
  if (what === 'head' || what === 'removed')
    all.newestHead = Math.max(all.newestHead, Number(what === 'head' ? first : second))
}

type Registry = Parameters<Parameters<typeof using>[1]>[0]

function expectKept(registry: Registry, { admitted, removed, newestHead }: Acknowledged): void {
  expect(new Set(admitted.values()).size).toBe(admitted.size)
  expect(registry.size).toBeGreaterThanOrEqual(admitted.size)
  expect(registry.head.seq).toBeGreaterThanOrEqual(newestHead)
  for (const [n, index] of admitted) {
    const { nonce, credential } = member(n)
    const found = registry.find(credential)
    if (found?.index !== index || !registry.isNonceUsed(nonce, credential))
      expect.unreachable(`member ${n} at ${index} was lost: ${JSON.stringify(found?.index)}`)
    if (removed.has(index)) expect(found.removed).toBe(true)
    if (removed.has(index) && n % 50 === 41) expect(registry.isRefused(found.machine ?? nonce)).toBe(true)
  }
}
