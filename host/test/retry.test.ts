import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { fetchBounded } from '../node/index.js'
import { askAgain, retryAfterMs } from '../src/retry.js'
import { fakeWaiting } from '../testing/waiting.js'

function clockwork(chance = 0, secondsPerAsk = 0) {
  const { waiting, pauses, pass } = fakeWaiting(chance)
  /** Answers one status after the other, the last for ever. */
  const answering = (...answers: readonly (readonly [number, (string | undefined)?])[]) => {
    let asked = 0
    const ask = async () => {
      const [status, retryAfter] = answers[Math.min(asked++, answers.length - 1)] ?? [200]
      pass(1000 * secondsPerAsk)
      return {
        response: {
          status,
          headers: new Headers(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
        },
      }
    }
    return { ask, asked: () => asked }
  }
  return { waiting, pauses, answering }
}

describe('a server that has enough', () => {
  test.each([
    [0, [7000, 7000, 7000]],
    [0.5, [8750, 8750, 8750]],
    [0.999, [10497, 10497, 10497]],
  ])('is asked again no earlier than it says, and later by chance (%f)', async (chance, expected) => {
    const { waiting, pauses, answering } = clockwork(chance)
    const { ask, asked } = answering([429, '7'])
    const { response } = await askAgain(ask, { waiting })
    expect(response.status).toBe(429)
    expect(pauses).toEqual(expected)
    expect(asked()).toBe(4)
  })

  test('is asked at different times by clients that it refused at one', async () => {
    const first = async (chance: number) => {
      const { waiting, pauses, answering } = clockwork(chance)
      await askAgain(answering([503, '0'], [200]).ask, { waiting })
      return pauses
    }
    expect([await first(0), await first(0.25), await first(0.75)]).toEqual([[0], [250], [750]])
  })

  test('is not asked any more once it has answered', async () => {
    const { waiting, pauses, answering } = clockwork()
    const { ask, asked } = answering([429, '1'], [503, '2'], [200])
    expect((await askAgain(ask, { waiting })).response.status).toBe(200)
    expect([pauses, asked()]).toEqual([[1000, 2000], 3])
  })

  test.each([
    ['an hour', '3600'],
    ['a minute and a second', '61'],
    ['a date far off', 'Fri, 15 Jan 2100 08:00:00 GMT'],
  ])('and asks for %s is not waited for', async (_, told) => {
    const { waiting, pauses, answering } = clockwork()
    const { ask, asked } = answering([503, told])
    expect((await askAgain(ask, { waiting })).response.status).toBe(503)
    expect([pauses, asked()]).toEqual([[], 1])
  })

  test('is waited for a minute in all, the time of its answers included', async () => {
    const { waiting, pauses, answering } = clockwork(0, 10)
    const { ask, asked } = answering([503, '15'])
    await askAgain(ask, { waiting })
    expect([pauses, asked()]).toEqual([[15_000, 15_000], 3])
  })

  test('is waited for as long as its client says', async () => {
    const { waiting, pauses, answering } = clockwork()
    await askAgain(answering([503, '2']).ask, { waiting, patience: { totalMs: 5000, retries: 9 } })
    expect(pauses).toEqual([2000, 2000])
  })

  test.each([
    [400, '1'],
    [403, '1'],
    [404, '1'],
    [500, '1'],
    [502, '1'],
    [200, '1'],
    [429, undefined],
    [503, 'soon'],
    [503, '-5'],
    [503, '1.5'],
    [503, '1e3'],
  ])('and answers %i, Retry-After %s, is not asked again', async (status, told) => {
    const { waiting, answering } = clockwork()
    const { ask, asked } = answering([status, told])
    await askAgain(ask, { waiting })
    expect(asked()).toBe(1)
  })

  test('is left at once when its client gives up', async () => {
    const giving = new AbortController()
    const { ask, asked } = clockwork().answering([503, '10'])
    const asking = askAgain(ask, { signal: giving.signal })
    setTimeout(() => giving.abort(new Error('given up')), 20)
    await expect(asking).rejects.toThrow('given up')
    expect(asked()).toBe(1)
  })
})

test('Retry-After is seconds or a date, and a date that has passed is now', () => {
  const now = Date.parse('Tue, 01 Dec 2026 12:00:00 GMT')
  expect(retryAfterMs('120', now)).toBe(120_000)
  expect(retryAfterMs('Tue, 01 Dec 2026 12:00:30 GMT', now)).toBe(30_000)
  expect(retryAfterMs('Tue Dec  1 12:00:30 2026 GMT', now)).toBe(30_000)
  expect(retryAfterMs('Tue, 01 Dec 2026 11:00:00 GMT', now)).toBe(0)
  for (const none of [null, '', '-1', '1.5', 'later', '12 s', '99999999'])
    expect(retryAfterMs(none, now)).toBeUndefined()
})

describe('what a registry has', () => {
  /** A registry that has enough so many times. */
  async function registry(times: number, retryAfter: string): Promise<{ url: string; asked: () => number }> {
    let asked = 0
    const server = createServer((_, response) => {
      if (asked++ < times) response.writeHead(429, { 'retry-after': retryAfter }).end('{"failures":[]}')
      else response.end('a head')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked }
  }

  test('is fetched though the registry puts it off', async () => {
    const { url } = await registry(2, '3')
    const { waiting, pauses } = clockwork()
    const body = await fetchBounded(url, 100, '', { waiting })
    expect(new TextDecoder().decode(body)).toBe('a head')
    expect(pauses).toEqual([3000, 3000])
  })

  test('is not waited for past the client’s time, and says so', async () => {
    const { url, asked } = await registry(9, '3')
    const { waiting, pauses } = clockwork()
    await expect(fetchBounded(url, 100, '', { waiting, timeoutMs: 2000 })).rejects.toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      message: expect.stringContaining('status 429'),
    })
    expect([pauses, asked()]).toEqual([[], 1])
  })

  test('is left when the client gives up between two questions', async () => {
    const { url } = await registry(9, '10')
    const giving = new AbortController()
    setTimeout(() => giving.abort(), 100)
    await expect(fetchBounded(url, 100, '', { signal: giving.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})
