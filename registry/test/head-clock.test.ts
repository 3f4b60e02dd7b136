import { mkdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseHead, VouchError } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { keepHeads } from '../node/serving/head-clock.js'
import type { Registry } from '../src/store.js'
import { remembering } from '../testing/crashes.js'
import { member, NOW, newFolder, open } from '../testing/registries.js'

/** A machine that was never banned. */
const NOBODY = new Uint8Array(32)

/** A clock that only a test moves on. */
class TestClock {
  time = NOW
  readonly intervals: number[] = []
  private task: () => void = () => undefined

  readonly now = () => this.time
  readonly every = (seconds: number, task: () => void) => {
    this.intervals.push(seconds)
    this.task = task
    return () => {
      this.task = () => undefined
    }
  }

  /** Lets one interval pass. What falls due then has been done when the registry's next turn comes, which is this refusal of a pardon. */
  async tick(registry: Registry): Promise<void> {
    this.time += this.intervals[0] ?? 0
    this.task()
    await registry.pardon(NOBODY, '').catch(() => undefined)
  }
}

/** A registry whose clock and heads a test moves on, and what went wrong meanwhile. */
async function kept(cutEvery: number, before: (registry: Registry, clock: TestClock) => Promise<unknown>) {
  const clock = new TestClock()
  const folder = await newFolder()
  const registry = await open(folder, { now: clock.now, hash: remembering })
  await before(registry, clock)
  const failures: unknown[] = []
  const end = await keepHeads(registry, cutEvery, (error) => failures.push(error), clock)
  return { clock, folder, registry, failures, end }
}

describe('when serving begins', () => {
  it.each<[string, number, (registry: Registry, clock: TestClock) => Promise<unknown>]>([
    ['is followed when it lacks somebody', 1, (registry) => registry.admit(member(0))],
    [
      'is followed when it is old',
      1,
      async (_, clock) => {
        clock.time += 86_400
      },
    ],
    ['stays when it is new, and nothing changed', 0, async () => undefined],
  ])('the newest head %s', async (_, seq, before) => {
    const { clock, registry, failures } = await kept(600, before)
    const head = await registry.head()
    expect(head.seq).toBe(seq)
    if (seq > 0) expect(head).toMatchObject({ time: clock.time, size: (await registry.counts()).admitted })
    expect(failures).toEqual([])
    await registry.close()
  })
})

describe('while serving', () => {
  it.each([1, 600, 1000, 1799, 1800, 3600])(
    'with --cut-every %i no head grows older than half an hour',
    async (cutEvery) => {
      const { clock, registry, end } = await kept(cutEvery, async () => undefined)
      const times = [(await registry.head()).time]
      const ticks = Math.ceil(3 * (1800 / (clock.intervals[0] ?? 1)))
      for (let i = 0; i < Math.min(ticks, 40); i++) {
        clock.time += i % 2 // timers are late, sometimes by a second
        await clock.tick(registry)
        const { time } = await registry.head()
        if (time !== times.at(-1)) times.push(time)
        expect(clock.time - time).toBeLessThanOrEqual(1800)
      }
      if (cutEvery >= 600) expect(times.length).toBeGreaterThan(2)
      end()
      await registry.close()
    },
  )

  it('a head is cut at each turn that something changed before', async () => {
    const { clock, registry, end } = await kept(600, async () => undefined)
    await clock.tick(registry)
    expect((await registry.head()).seq).toBe(0)
    await registry.admit(member(0))
    await clock.tick(registry)
    expect(await registry.head()).toMatchObject({ seq: 1, size: 1 })
    end()
    await registry.close()
  })

  it('a disk that refuses a head is told of, and takes it at the next turn', async () => {
    const { clock, folder, registry, failures, end } = await kept(1800, async () => undefined)
    const [head, aside] = [join(folder, 'head.json'), join(folder, 'aside')]
    renameSync(head, aside)
    mkdirSync(head) // no file can be put in its place
    await clock.tick(registry)
    expect(failures).toEqual([expect.objectContaining({ code: 'STORAGE_FAILED' })])
    expect(registry.unpublished).toMatchObject({ code: 'STORAGE_FAILED' })
    rmdirSync(head)
    await clock.tick(registry)
    expect(failures).toHaveLength(1)
    const newest = await registry.head()
    expect(newest.time).toBe(clock.time)
    expect(parseHead(readFileSync(head))).toEqual(newest)
    end()
    await clock.tick(registry)
    expect((await registry.head()).seq).toBe(newest.seq)
    await registry.close()
  })

  it('a registry that refuses is told of, and asked again at the next turn', async () => {
    const { clock, registry } = await kept(1800, async () => undefined)
    const failures: unknown[] = []
    let isDown = true
    const failing = {
      head: () => registry.head(),
      cutHead: (options?: object) =>
        isDown
          ? Promise.reject(new VouchError('STORAGE_FAILED', { rule: 'down' }))
          : registry.cutHead(options),
    }
    const end = await keepHeads(failing, 1800, (error) => failures.push(error), clock)
    expect(failures).toHaveLength(0)
    await clock.tick(registry)
    expect(failures).toEqual([expect.objectContaining({ code: 'STORAGE_FAILED' })])
    isDown = false
    await clock.tick(registry)
    expect((await registry.head()).time).toBe(clock.time)
    end()
    await registry.close()
  })
})
