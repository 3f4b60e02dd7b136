import { fakeWaiting } from '@vouch/host/testing/waiting'
import { expect, test } from 'vitest'
import { askJson, type Network, REGISTRAR } from '../src/net.js'

// Alice before a registrar that has enough. Nothing is really waited for.

const refusal = (code: string): string => JSON.stringify({ failures: [{ code, exit: 4, rule: 'not now' }] })

function asking(statuses: readonly number[], retryAfter: string, code = 'RATE_LIMITED') {
  const { waiting, pauses } = fakeWaiting(0.5)
  const bodies: unknown[] = []
  const answers = [...statuses]
  const network: Network = {
    waiting,
    fetch: async (_, init) => {
      bodies.push(init?.body)
      const status = answers.length > 1 ? answers.shift() : answers[0]
      const body = status === 200 ? '{}' : refusal(code)
      return new Response(body, { status: status ?? 200, headers: { 'retry-after': retryAfter } })
    },
  }
  return { network, pauses, bodies }
}

test('she asks again when the registrar says, and sends the same', async () => {
  const { network, pauses, bodies } = asking([429, 503, 200], '10')
  const answer = await askJson(REGISTRAR, 'http://registrar.example/nonce', '{"a":1}', network)
  expect(new TextDecoder().decode(answer)).toBe('{}')
  expect(pauses).toEqual([12_500, 12_500])
  expect(bodies).toEqual(['{"a":1}', '{"a":1}', '{"a":1}'])
})

test('she gives up after so many times, and says what the registrar said', async () => {
  const { network, pauses, bodies } = asking([429], '1')
  await expect(askJson(REGISTRAR, 'http://registrar.example/', undefined, network)).rejects.toMatchObject({
    code: 'RATE_LIMITED',
  })
  expect([pauses.length, bodies.length]).toEqual([3, 4])
})

test('she waits no longer than a step may take', async () => {
  const { network, pauses } = asking([503], '3', 'SERVICES_AWAITED')
  const short = { ...network, timeoutMs: 2000 }
  await expect(askJson(REGISTRAR, 'http://registrar.example/', undefined, short)).rejects.toMatchObject({
    code: 'SERVICES_AWAITED',
  })
  expect(pauses).toEqual([])
})

test('however long an admission may take, she is put off for a minute at most', async () => {
  const { network, pauses } = asking([503], '50', 'BUSY')
  const long = { ...network, timeoutMs: 300_000 }
  await expect(askJson(REGISTRAR, 'http://registrar.example/', '{}', long)).rejects.toMatchObject({
    code: 'BUSY',
  })
  expect(pauses).toEqual([]) // 50 s, and half as much again by chance
})

test('she who gives up while she waits is told so', async () => {
  const { network } = asking([503], '10')
  const { waiting: _, ...real } = network
  const giving = new AbortController()
  setTimeout(() => giving.abort(), 50)
  await expect(
    askJson(REGISTRAR, 'http://registrar.example/', undefined, { ...real }, giving.signal),
  ).rejects.toMatchObject({ code: 'CANCELLED' })
})
