import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { whyUnanswered } from '@vouch/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { fetchBounded } from '../node/fetch.js'

// A question that comes to nothing is told with its address, with what failed, and with what to do.

let server: Server | undefined
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
  server = undefined
})

async function serving(handler: Parameters<typeof createServer>[1]): Promise<string> {
  server = createServer(handler ?? (() => undefined)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

const told = (url: string, timeoutMs = 2_000) =>
  fetchBounded(`${url}/x`, 100, 'do this', { timeoutMs }).then(
    () => undefined,
    (error: unknown) => error,
  )

describe('what is fetched and does not come', () => {
  it.each<[string, Parameters<typeof createServer>[1], string]>([
    ['a status', (_, answer) => void answer.writeHead(503).end(), 'status 503'],
    ['no answer', () => undefined, 'no answer within 300 ms'],
    ['a body that stalls', (_, answer) => void answer.writeHead(200).write('a'), 'no answer within 300 ms'],
    ['too much', (_, answer) => void answer.end('a'.repeat(101)), 'the answer is too long'],
    [
      'a redirect',
      (_, answer) => void answer.writeHead(302, { location: '/y' }).end(),
      'a redirect, which is not followed',
    ],
    [
      'an end before the answer',
      ({ socket }) => void socket.destroy(),
      'connection closed by the other side (UND_ERR_SOCKET)',
    ],
  ])('%s', async (_, handler, why) => {
    const url = await serving(handler)
    expect(await told(url, 300)).toMatchObject({
      code: 'REGISTRY_UNREACHABLE',
      rule: `no usable answer from the registry at "${url}/x": ${why}`,
      hint: 'do this',
    })
  })

  it('nothing that listens', async () => {
    const url = await serving(undefined)
    server?.close()
    expect(await told(url)).toMatchObject({
      rule: expect.stringContaining('connection refused (ECONNREFUSED)'),
    })
    const port = Number(new URL(url).port)
    const [error] = await once(connect({ port, host: '127.0.0.1' }), 'error').catch((caught) => [caught])
    expect(whyUnanswered(error)).toBe('connection refused (ECONNREFUSED)')
  })

  it('a port that is never asked', async () => {
    expect(await told('http://127.0.0.1:9')).toMatchObject({
      rule: expect.stringContaining('a port that fetch never asks'),
    })
  })
})

describe('why', () => {
  it('is the first name of the system among the causes, however deep', () => {
    const inner = Object.assign(new Error('x'), { code: 'ENOTFOUND' })
    const error = new TypeError('fetch failed', { cause: new Error('between', { cause: inner }) })
    expect(whyUnanswered(error)).toBe('no such host (ENOTFOUND)')
  })

  it('is the innermost message, as a stranger’s, or what is given instead where it may hold a secret', () => {
    const error = new Error('outer', { cause: new Error('https://host/key\u001b[2J') })
    expect(whyUnanswered(error)).toBe('"https://host/key\\u001b[2J"')
    expect(whyUnanswered(error, 'HTTP request failed.')).toBe('"HTTP request failed."')
  })

  it('is found among causes that lead in a circle, and said of what is no error', () => {
    const error: Error = new Error('round')
    error.cause = error
    expect(whyUnanswered(error)).toBe('"round"')
    expect(whyUnanswered('thrown')).toBe('"it failed"')
    expect(whyUnanswered(new Error('constructor'))).toBe('"constructor"')
    expect(whyUnanswered(Object.assign(new Error('m'), { code: 'a\nb' }))).toBe('"m"')
  })
})
