import type { RegistryRecord } from '@vouch/protocol/records'
import { describe, expect, it } from 'vitest'
import { keepHeads } from '../node/serving/head-clock.js'
import type { ClockTrust } from '../node/store/index.js'
import type { Registry } from '../src/store.js'
import { remembering } from '../testing/crashes.js'
import { member, NOW, newFolder, open } from '../testing/registries.js'

const HOUR = 3600
const ahead = { code: 'CLOCK_AHEAD' }

/** A registry whose newest head is of NOW, opened under a clock that says something else; both clocks move as a test says. */
async function opened(hours: number, trust: ClockTrust = {}) {
  const clocks = { now: NOW + hours * HOUR, elapsed: 1_000_000 }
  const folder = await newFolder()
  const jumps: number[] = []
  const registry = await open(folder, {
    now: () => clocks.now,
    clock: { elapsed: () => clocks.elapsed, onJump: (seconds) => jumps.push(seconds), ...trust },
    hash: remembering,
  })
  const pass = (seconds: number): void => {
    clocks.now += seconds
    clocks.elapsed += seconds
  }
  return { registry, clocks, jumps, pass }
}

async function recordsOf(registry: Registry): Promise<readonly RegistryRecord[]> {
  const records: RegistryRecord[] = []
  for await (const record of registry.records()) records.push(record)
  return records
}

const SIGNING: readonly [string, (registry: Registry) => Promise<unknown>][] = [
  ['a head', (registry) => registry.cutHead({ evenIfUnchanged: true })],
  ['a removal', (registry) => registry.remove(member(0).credential, 'lost')],
  ['a ban', (registry) => registry.ban(new Uint8Array(32), 'lost')],
  ['an admission', (registry) => registry.admit(member(7))],
  [
    'the first head of a start',
    (registry) =>
      keepHeads(registry, 600, () => undefined, {
        now: () => NOW + 25 * HOUR,
        every: () => () => undefined,
      }),
  ],
]

describe.each(SIGNING)('%s', (_, sign) => {
  it('passes after an outage of 23 hours, and is refused when the clock is 25 hours ahead; nothing is written', async () => {
    const honest = await opened(0)
    await honest.registry.admit(member(0))
    honest.pass(23 * HOUR)
    await sign(honest.registry)
    await honest.registry.close()

    const outage = await opened(23)
    await outage.registry.admit(member(0))
    await sign(outage.registry)
    await outage.registry.close()

    const { registry, clocks } = await opened(0)
    await registry.admit(member(0))
    const before = await recordsOf(registry)
    clocks.now += 25 * HOUR
    await expect(sign(registry)).rejects.toMatchObject(ahead)
    expect(await recordsOf(registry)).toEqual(before)
    clocks.now -= 25 * HOUR
    await sign(registry)
    await registry.close()
  })

  it('passes when the operator has confirmed the time', async () => {
    const { registry } = await opened(25, { timeIsRight: true })
    await registry.admit(member(0))
    await sign(registry)
    await registry.close()
  })
})

describe('a clock', () => {
  it('that is 25 hours ahead at the start is refused until it is set right, without another start', async () => {
    const { registry, clocks } = await opened(25)
    await expect(registry.cutHead({ evenIfUnchanged: true })).rejects.toMatchObject({
      ...ahead,
      given: expect.stringContaining('25 h ahead of 2027-01-15T08:00:00Z'),
      hint: expect.stringContaining('--time-is-right'),
    })
    clocks.now = NOW + 60
    expect((await registry.cutHead({ evenIfUnchanged: true })).time).toBe(NOW + 60)
    await registry.close()
  })

  it('is bounded by as many hours as the operator says', async () => {
    for (const [hours, maxAhead] of [
      [25, 26],
      [1, 2],
    ] as const) {
      const { registry, pass, clocks } = await opened(hours, { maxAhead: maxAhead * HOUR })
      await registry.cutHead({ evenIfUnchanged: true })
      pass(1000 * HOUR)
      await registry.cutHead({ evenIfUnchanged: true })
      clocks.now += 2 * HOUR
      await expect(registry.cutHead({ evenIfUnchanged: true })).rejects.toMatchObject(ahead)
      await registry.close()
    }
  })

  it('that runs for weeks beside a registry in which nothing is cut needs no operator', async () => {
    const { registry, pass, jumps } = await opened(0)
    pass(60 * 24 * HOUR)
    await registry.admit(member(0))
    await registry.remove(member(0).credential, 'lost')
    expect(jumps).toEqual([])
    await registry.close()
  })

  it('that is set while the registry is open is told of once, and back again; what was confirmed was the start', async () => {
    const { registry, clocks, jumps, pass } = await opened(100, { timeIsRight: true })
    const cut = () => registry.cutHead({ evenIfUnchanged: true })
    await cut()
    clocks.now += HOUR
    await cut()
    await cut()
    expect(jumps).toEqual([HOUR])
    clocks.now -= HOUR
    pass(30)
    clocks.now += 5 // a time server slews a clock
    await cut()
    expect(jumps).toEqual([HOUR, 5 - HOUR])
    clocks.now += 48 * HOUR
    await expect(cut()).rejects.toMatchObject(ahead)
    await registry.close()
  })

  it('that is moved forward a little at a time gets no further than at once', async () => {
    const { registry, clocks } = await opened(0)
    const cut = () => registry.cutHead({ evenIfUnchanged: true })
    clocks.now += 13 * HOUR
    await cut()
    clocks.now += 13 * HOUR
    await expect(cut()).rejects.toMatchObject(ahead)
    await registry.close()
  })

  it('that is behind the newest head signs the time of that head, and may catch up', async () => {
    const { registry, clocks } = await opened(-1000)
    expect((await registry.cutHead({ evenIfUnchanged: true })).time).toBe(NOW)
    clocks.now = NOW + 10
    expect((await registry.cutHead({ evenIfUnchanged: true })).time).toBe(NOW + 10)
    await registry.close()
  })
})
