import { describe, expect, it } from 'vitest'
import { keepHeads } from '../node/serving/head-clock.js'
import type { Registry } from '../src/store.js'
import { FaultyDisk, remembering } from '../testing/crashes.js'
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
  const disk = new FaultyDisk()
  const registry = await open(await newFolder(), {
    now: clock.now,
    hash: remembering,
    openFile: disk.openFile,
  })
  await before(registry, clock)
  const failures: unknown[] = []
  const end = await keepHeads(registry, cutEvery, (error) => failures.push(error), clock)
  return { clock, disk, registry, failures, end }
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
    expect(registry.head.seq).toBe(seq)
    if (seq > 0) expect(registry.head).toMatchObject({ time: clock.time, size: registry.size })
    expect(failures).toEqual([])
    await registry.close()
  })
})

describe('while serving', () => {
  it.each([1, 600, 1000, 1799, 1800, 3600])(
    'with --cut-every %i no head grows older than half an hour',
    async (cutEvery) => {
      const { clock, registry, end } = await kept(cutEvery, async () => undefined)
      const times = [registry.head.time]
      const ticks = Math.ceil(3 * (1800 / (clock.intervals[0] ?? 1)))
      for (let i = 0; i < Math.min(ticks, 40); i++) {
        clock.time += i % 2 // timers are late, sometimes by a second
        await clock.tick(registry)
        if (registry.head.time !== times.at(-1)) times.push(registry.head.time)
        expect(clock.time - registry.head.time).toBeLessThanOrEqual(1800)
      }
      if (cutEvery >= 600) expect(times.length).toBeGreaterThan(2)
      end()
      await registry.close()
    },
  )

  it('a head is cut at each turn that something changed before', async () => {
    const { clock, registry, end } = await kept(600, async () => undefined)
    await clock.tick(registry)
    expect(registry.head.seq).toBe(0)
    await registry.admit(member(0))
    await clock.tick(registry)
    expect(registry.head).toMatchObject({ seq: 1, size: 1 })
    end()
    await registry.close()
  })

  it('a disk that refuses a head is told of, and takes it at the next turn', async () => {
    const { clock, disk, registry, failures, end } = await kept(1800, async () => undefined)
    disk.room = 10
    await clock.tick(registry)
    expect(failures).toEqual([expect.objectContaining({ code: 'STORAGE_FAILED' })])
    expect(registry.head.seq).toBe(0)
    disk.room = Number.POSITIVE_INFINITY
    await clock.tick(registry)
    expect(registry.head).toMatchObject({ seq: 1, time: clock.time })
    end()
    await clock.tick(registry)
    expect(registry.head.seq).toBe(1)
    await registry.close()
  })
})
