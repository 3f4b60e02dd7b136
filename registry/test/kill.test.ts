import { setTimeout } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { ENGINES, type Place, withServer } from '../testing/engines.js'
import { quickHash as hash, member } from '../testing/members.js'
import { buildWriter, Writer } from './support/processes.js'

/** How many writers die after they have acknowledged something. Fewer will do while one works on something else. */
const KILLS = Number(process.env.VOUCH_KILLS ?? 200)

interface Acknowledged {
  readonly admitted: Map<number, number>
  readonly removed: Set<number>
  newestHead: number
}

withServer()

describe.each(Object.entries(ENGINES))('in %s', (_, engine) => {
  it(`${KILLS} writers killed at any time lose nothing and repeat nothing that they acknowledged`, async (context) => {
    const place = await engine(context)
    const writer = await buildWriter()
    const all: Acknowledged = { admitted: new Map(), removed: new Set(), newestHead: 0 }
    let atWork = 0
    for (let kill = 0; atWork < KILLS; kill++) {
      expect(kill, 'writers that were killed').toBeLessThan(2 * KILLS)
      const run = new Writer(writer, ['admit', place.folder, String(kill * 10_000), place.store ?? ''])
      // Every sixth dies earlier, and does not count: while it takes over or opens.
      if (kill % 6 > 0) await run.until('admitted')
      await setTimeout((kill * 89) % 150)
      await run.kill()
      expect(run.errors.join(''), `writer ${kill}`).toBe('')
      if (run.lines.some((line) => line.startsWith('admitted'))) atWork++
      for (const line of run.lines) note(all, line)
      if (kill % 20 === 19) await place.using((registry) => expectKept(registry, all), { hash })
    }
    await place.using(
      async (registry) => {
        await expectKept(registry, all)
        const again = await Promise.allSettled([...all.admitted.keys()].map((n) => registry.admit(member(n))))
        for (const outcome of again) {
          const code =
            outcome.status === 'rejected' ? (outcome.reason as { code?: unknown }).code : 'ADMITTED'
          if (code !== 'NONCE_USED') expect.unreachable(`a nonce was taken a second time: ${String(code)}`)
        }
      },
      { hash, rebuild: true },
    )
    expect(all.admitted.size).toBeGreaterThan(2 * KILLS)
  }, 900_000)
})

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

type Registry = Parameters<Parameters<Place['using']>[0]>[0]

async function expectKept(
  registry: Registry,
  { admitted, removed, newestHead }: Acknowledged,
): Promise<void> {
  expect(new Set(admitted.values()).size).toBe(admitted.size)
  expect((await registry.counts()).admitted).toBeGreaterThanOrEqual(admitted.size)
  expect((await registry.head()).seq).toBeGreaterThanOrEqual(newestHead)
  for (const [n, number] of admitted) {
    const { nonce, credential } = member(n)
    const found = await registry.find(credential)
    if (found?.number !== number)
      expect.unreachable(`member ${n}, number ${number}, was lost: ${found?.number}`)
    if (Buffer.compare(found.nonce, nonce) !== 0) expect.unreachable(`member ${n} has another nonce`)
    if (removed.has(number)) expect(found.removed).toBe(true)
    if (removed.has(number) && n % 50 === 41)
      expect(await registry.isRefused(found.machine ?? nonce)).toBe(true)
  }
}
