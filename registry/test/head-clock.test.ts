import { type Head, VouchError } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { keepHeads } from '../node/serving/head-clock.js'
import type { OpenOptions, Publisher } from '../node/store/index.js'
import type { Registry } from '../src/store.js'
import { remembering } from '../testing/crashes.js'
import { member, NOW, newFolder, open } from '../testing/registries.js'

/** A clock that only a test moves on. */
class TestClock {
  time = NOW
  readonly intervals: number[] = []
  private task: () => void = () => undefined
  private isRunning = false

  readonly now = () => this.time
  readonly every = (seconds: number, task: () => void) => {
    this.intervals.push(seconds)
    this.task = task
    this.isRunning = true
    return () => {
      this.task = () => undefined
      this.isRunning = false
    }
  }

  /** What is told of the end of a turn. */
  turned: () => void = () => undefined

  /** Lets one interval pass, and waits for what falls due then. */
  async tick(): Promise<void> {
    this.time += this.intervals[0] ?? 0
    const turn = new Promise<void>((resolve) => {
      this.turned = () => setImmediate(resolve) // its failure is told of before
    })
    this.task()
    if (this.isRunning) await turn
  }
}

type Heads = Pick<Registry, 'head' | 'cutHead'>

/** A registry whose clock and heads a test moves on, and what went wrong meanwhile. */
async function kept(
  cutEvery: number,
  before: (registry: Registry, clock: TestClock) => Promise<unknown>,
  cutHead = (registry: Registry): Heads['cutHead'] =>
    (options) =>
      registry.cutHead(options),
  publish?: OpenOptions['publish'],
) {
  const clock = new TestClock()
  const folder = await newFolder()
  const registry = await open(folder, { now: clock.now, hash: remembering, publish })
  await before(registry, clock)
  const failures: unknown[] = []
  const cut = cutHead(registry)
  const turning: Heads = {
    head: () => registry.head(),
    cutHead: (options) => cut(options).finally(() => clock.turned()),
  }
  const end = await keepHeads(turning, cutEvery, (error) => failures.push(error), clock)
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
        await clock.tick()
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
    await clock.tick()
    expect((await registry.head()).seq).toBe(0)
    await registry.admit(member(0))
    await clock.tick()
    expect(await registry.head()).toMatchObject({ seq: 1, size: 1 })
    end()
    await registry.close()
  })

  it('a disk that refuses a head is told of, and takes it at the next turn', async () => {
    let isFull = false
    const published: Head[] = []
    const place: Publisher = {
      name: 'a disk',
      newest: async () => published.at(-1),
      publish: async (head) => {
        if (isFull) throw new VouchError('STORAGE_FAILED', { rule: 'the disk is full' })
        published.push(head)
      },
    }
    const { clock, registry, failures, end } = await kept(
      1800,
      async () => undefined,
      undefined,
      () => place,
    )
    isFull = true
    await clock.tick()
    expect(failures).toEqual([expect.objectContaining({ code: 'STORAGE_FAILED' })])
    expect(registry.unpublished).toMatchObject({ code: 'STORAGE_FAILED' })
    isFull = false
    await clock.tick()
    expect(failures).toHaveLength(1)
    const newest = await registry.head()
    expect(newest.time).toBe(clock.time)
    expect(published.at(-1)).toEqual(newest)
    end()
    await clock.tick()
    expect((await registry.head()).seq).toBe(newest.seq)
    await registry.close()
  })

  it('a registry that refuses is told of, at the start too, and asked again at the next turn', async () => {
    let isDown = true
    const refusing = (registry: Registry): Heads['cutHead'] => {
      const refused = new VouchError('STORAGE_FAILED', { rule: 'down' })
      return (options) => (isDown ? Promise.reject(refused) : registry.cutHead(options))
    }
    const { clock, registry, failures, end } = await kept(1800, async () => undefined, refusing)
    await clock.tick()
    expect(failures.map((error) => (error as VouchError).code)).toEqual(['STORAGE_FAILED', 'STORAGE_FAILED'])
    isDown = false
    await clock.tick()
    expect(failures).toHaveLength(2)
    expect((await registry.head()).time).toBe(clock.time)
    end()
    await registry.close()
  })
})
