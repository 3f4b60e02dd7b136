import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boundedBody } from '../src/body.js'

let server: Server
let url: string

beforeAll(async () => {
  server = createServer((request, response) => {
    if (request.url === '/stall') return void response.writeHead(200, { 'content-length': 100 }).write('half')
    response.end('whole')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(resolve))
})

/** What the engine does now and then, at the worst moment. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}

describe('an answer', () => {
  test('is read whole, to the byte', async () => {
    const { signal } = new AbortController()
    const body = await boundedBody(await fetch(url), 5, signal)
    expect(new TextDecoder().decode(body)).toBe('whole')
    await expect(boundedBody(await fetch(url), 4, signal)).rejects.toThrow('too long')
  })

  test('that stalls is given up in time, each of many, though fetch has forgotten the signal', async () => {
    const ask = async (): Promise<Uint8Array> => {
      const signal = AbortSignal.timeout(1000)
      const response = await fetch(`${url}/stall`, {
        method: 'POST',
        body: 'question',
        redirect: 'error',
        signal,
      })
      return boundedBody(response, 100, signal)
    }
    const collecting = setInterval(collectGarbage, 50)
    const ends = await Promise.allSettled(Array.from({ length: 30 }, ask))
    clearInterval(collecting)
    expect(new Set(ends.map((end) => end.status === 'rejected' && end.reason.name))).toEqual(
      new Set(['TimeoutError']),
    )
  }, 30_000)

  test('that nobody waits for any more is not read', async () => {
    const response = await fetch(`${url}/stall`)
    await expect(boundedBody(response, 100, AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError',
    })
  })
})
