import { setTimeout } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { buildWriter, Writer } from './support/processes.js'
import { member, newFolder, scratch, using } from './support/registries.js'

/** How many writers die. Fewer will do while one works on something else. */
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
  let cutShort = 0
  for (let kill = 0; kill < KILLS; kill++) {
    const run = new Writer(writer, ['admit', folder, String(kill * 10_000)])
    if (kill % 4 > 0) await run.until('opened') // every fourth dies earlier: while it takes over, reads or replays
    await setTimeout((kill * 89) % 200)
    await run.kill()
    expect(run.errors.join(''), `writer ${kill}`).toBe('')
    if (!run.lines.some((line) => line.startsWith('admitted'))) cutShort++
    for (const line of run.lines) note(all, line)
    if (kill % 20 === 19) await using(folder, async (registry) => expectKept(registry, all))
  }
  await using(
    folder,
    async (registry) => {
      expectKept(registry, all)
      for (const n of [...all.admitted.keys()].slice(-20))
        await expect(registry.admit(member(n))).rejects.toMatchObject({ code: 'NONCE_USED' })
    },
    { rebuild: true },
  )
  expect(all.admitted.size).toBeGreaterThan(KILLS)
  expect(cutShort).toBeLessThan(KILLS / 2)
}, 300_000)

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
