import { describe, expect, onTestFinished, test } from 'vitest'
import {
  jsonAnswer,
  placeOf,
  type RequestLogOptions,
  type Routes,
  requestLog,
  startServer,
} from '../node/http/index.js'
import { serverTerminal } from '../node/index.js'
import { WIDE_LIMITS } from './support/limits.js'

// What a log of requests tells, and what it does not.

const ROUTES: Routes<object> = {
  '/leaf/{number}': {
    method: 'GET',
    path: /^\/leaf\/([0-9]+)$/,
    bodyLimit: 0,
    answer: () => jsonAnswer('{}'),
  },
}

/** The lines after a good and a bad request. */
async function linesWith(options: RequestLogOptions): Promise<readonly Record<string, unknown>[]> {
  const lines: string[] = []
  const words = (line: string): void => void lines.push(line)
  const out = await serverTerminal({ program: 'test', data: () => undefined, words }, { log: 'json' })
  const place = await placeOf({ host: '127.0.0.1', port: '0', behindProxy: true, ...options }, out)
  const site = { routes: ROUTES, service: {}, noteRefusal: () => undefined }
  const server = await startServer(site, place, WIDE_LIMITS)
  onTestFinished(() => server.close(0))
  const headers = { 'x-forwarded-for': '2001:db8::77', 'user-agent': 'a client of its own' }
  for (const path of ['/leaf/5551', '/secret?5552'])
    await fetch(`http://127.0.0.1:${server.address.port}${path}`, { headers })
  for (const hidden of ['555', 'secret', '::77', 'its own']) expect(lines.join()).not.toContain(hidden)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

const GOOD = { level: 'info', event: 'request', method: 'GET', route: '/leaf/{number}', status: 200 }
const BAD = { event: 'request', method: 'GET', route: 'none', status: 404, code: 'USAGE' }

describe('requests', () => {
  test('are not logged unless that is asked for', async () => {
    expect(await linesWith({})).toEqual([])
  })

  test('are logged by their routes, without an address', async () => {
    const lines = await linesWith({ logRequests: true })
    expect(lines).toMatchObject([GOOD, BAD])
    expect(Object.keys(lines[0] ?? {})).toEqual('level time program event method route status ms'.split(' '))
    expect(JSON.stringify(lines)).not.toContain('2001')
  })

  test('are logged with the network of the client where that is asked for as well', async () => {
    const lines = await linesWith({ logRequests: true, logAddresses: true })
    expect(lines).toMatchObject([
      { ...GOOD, network: '2001:db8:0:0' },
      { ...BAD, network: '2001:db8:0:0' },
    ])
  })

  test('have no addresses in a log that has no requests', () => {
    const out = { program: 'test', data: () => undefined, words: () => undefined, event: () => undefined }
    expect(() => requestLog(out, { logAddresses: true })).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
