import { describe, expect, test, vi } from 'vitest'
import { Crowd } from '../node/http/crowd.js'
import { WIDE_LIMITS } from './support/limits.js'

/** How often a client is worked for, of so many times one after the other. */
async function takenBy(crowd: Crowd, client: string, times: number): Promise<number> {
  let taken = 0
  for (let i = 0; i < times; i++) {
    const isTaken = await crowd
      .work(client, () => Promise.reject(new Error('told to end')))
      .then(
        () => false,
        (error: Error) => error.message === 'told to end',
      )
    if (isTaken) taken++
  }
  return taken
}

describe('the work of a server', () => {
  test('is half for one client at most, and a newcomer always finds a place', async () => {
    const crowd = new Crowd(WIDE_LIMITS)
    const forever = new Promise<void>(() => undefined)
    const refused: string[] = []
    for (const client of ['192.0.2.1', '192.0.2.2', '192.0.2.3'])
      for (let i = 0; i < 8; i++)
        crowd.work(client, () => forever).catch(({ code }) => refused.push(`${client} ${code}`))
    await Promise.resolve()
    await Promise.resolve()
    const of = (client: string) => 8 - refused.filter((line) => line === `${client} BUSY`).length
    expect([of('192.0.2.1'), of('192.0.2.2'), of('192.0.2.3')]).toEqual([4, 2, 1])
    expect(await takenBy(crowd, '192.0.2.4', 3)).toBe(3)
  })

  test('gives its place back, however it ends', async () => {
    const crowd = new Crowd({ ...WIDE_LIMITS, concurrent: 1 })
    expect(await takenBy(crowd, '192.0.2.1', 5)).toBe(5)
    let end = (): void => undefined
    const working = crowd.work('192.0.2.1', () => new Promise<void>((resolve) => (end = resolve)))
    expect(await takenBy(crowd, '192.0.2.2', 1)).toBe(0)
    end()
    await working
    expect(await takenBy(crowd, '192.0.2.2', 1)).toBe(1)
  })
})

describe('the rate of all', () => {
  test('is used up by a few, and leaves every other client a request a second', () => {
    vi.useFakeTimers({ now: 0 })
    try {
      const crowd = new Crowd({ ...WIDE_LIMITS, total: { burst: 100, perSecond: 0 } })
      const grants = (client: string, times: number) =>
        Array.from({ length: times }, () => crowd.take('write', client)).filter(
          (grant) => grant === 'granted',
        )
      expect(grants('192.0.2.1', 200)).toHaveLength(101)
      expect(grants('192.0.2.2', 5)).toHaveLength(1)
      vi.setSystemTime(1000)
      expect(grants('192.0.2.2', 5)).toHaveLength(1)
    } finally {
      vi.useRealTimers()
    }
  })
})
