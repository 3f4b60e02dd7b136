import { once } from 'node:events'
import { connect } from 'node:net'
import { VouchError } from '@vouch/protocol'
import { describe, expect, onTestFinished, test } from 'vitest'
import {
  hostAndPort,
  jsonAnswer,
  type Limits,
  observe,
  openMeter,
  type Routes,
  type RunningServer,
  refusal,
  startServer,
} from '../node/http/index.js'
import { type MetricFamily, parseExposition, seriesSum } from '../testing/exposition.js'
import { WIDE_LIMITS } from './support/limits.js'

// A server, and what its operator scrapes of it.

const ROUTES: Routes<object> = {
  '/leaf/{number}': {
    method: 'GET',
    path: /^\/leaf\/([0-9a-f]+)$/,
    bodyLimit: 0,
    answer: () => jsonAnswer('{}'),
  },
  '/ask': {
    method: 'POST',
    path: /^\/ask$/,
    bodyLimit: 10,
    answer: () =>
      refusal([
        { code: 'VALUE_MALFORMED', rule: 'no' },
        { code: 'PROOF_FALSE', rule: 'no' },
      ]),
  },
  '/bug': {
    method: 'GET',
    path: /^\/bug$/,
    bodyLimit: 0,
    answer: () => {
      throw new VouchError('STORAGE_FAILED', { rule: 'full' })
    },
  },
}

const loopback = { host: '127.0.0.1', port: 0 }
const urlOf = ({ address }: RunningServer): string => `http://127.0.0.1:${address.port}`

interface Watched {
  readonly url: string
  readonly port: number
  readonly metricsUrl: string
  scrape(): Promise<ReadonlyMap<string, MetricFamily>>
}

async function watched(limits: Partial<Limits> = {}, isReady = true): Promise<Watched> {
  const meter = await openMeter()
  const place = { ...loopback, meter, metricsAt: loopback }
  const live = {
    unready: async () => (isReady ? [] : [{ code: 'HEAD_TOO_OLD', rule: 'old' } as const]),
  }
  const metrics = await observe(place, live)
  const site = { routes: ROUTES, service: {}, noteRefusal: () => undefined }
  const server = await startServer(site, place, { ...WIDE_LIMITS, ...limits })
  if (metrics === undefined) throw new Error('an address was named')
  onTestFinished(async () => {
    await Promise.all([server.close(0), metrics.close(0)])
  })
  return {
    url: urlOf(server),
    port: server.address.port,
    metricsUrl: urlOf(metrics),
    scrape: async () => parseExposition(await (await fetch(`${urlOf(metrics)}/metrics`)).text()),
  }
}

const post = (url: string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' })

describe('what a server counts', () => {
  test('are requests by the pattern of their route and by status, and refusals by their gravest code', async () => {
    const { url, scrape } = await watched()
    for (const path of ['/leaf/12', '/leaf/ab', '/bug', '/deadbeefdeadbeef']) await fetch(`${url}${path}`)
    await post(`${url}/ask`)
    await fetch(`${url}/leaf/1`, { method: 'BREW' }).catch(() => undefined)
    const families = await scrape()
    const requests = (labels: Record<string, string>) =>
      seriesSum(families, 'vouch_http_requests_total', labels)
    expect(requests({ route: '/leaf/{number}', method: 'GET', status: '200' })).toBe(2)
    expect(requests({ route: '/bug', status: '503' })).toBe(1)
    expect(requests({ route: 'none', method: 'GET', status: '404' })).toBe(1)
    expect(requests({ route: '/ask', method: 'POST', status: '403' })).toBe(1)
    expect(seriesSum(families, 'vouch_http_request_seconds_count', { route: '/leaf/{number}' })).toBe(2)
    const refusals = (code: string) => seriesSum(families, 'vouch_refusals_total', { code })
    expect(['STORAGE_FAILED', 'PROOF_FALSE', 'VALUE_MALFORMED'].map(refusals)).toEqual([1, 1, 0])
    expect(JSON.stringify([...families.values()])).not.toMatch(/deadbeef|127\.0\.0\.1|\/leaf\/12/)
  })

  test('are connections, and those that find no place', async () => {
    const { port, scrape } = await watched({ perAddress: 2, connections: 9, concurrent: 3 })
    const sockets = [1, 2, 3].map(() => connect(port, '127.0.0.1').resume())
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
    })
    await once(sockets[2] ?? sockets[0] ?? process, 'close')
    const families = await scrape()
    expect(seriesSum(families, 'vouch_connections')).toBe(2)
    expect(seriesSum(families, 'vouch_connections_limit')).toBe(9)
    expect(seriesSum(families, 'vouch_requests_in_hand')).toBe(0)
    expect(seriesSum(families, 'vouch_requests_in_hand_limit')).toBe(3)
    expect(seriesSum(families, 'vouch_connections_refused_total', { code: 'RATE_LIMITED' })).toBe(1)
  })
})

describe('the address for metrics', () => {
  test('says whether the server is alive and ready', async () => {
    const { metricsUrl, scrape } = await watched({}, false)
    expect((await fetch(`${metricsUrl}/health`)).status).toBe(200)
    expect((await fetch(`${metricsUrl}/ready`)).status).toBe(503)
    expect(seriesSum(await scrape(), 'vouch_ready')).toBe(0)
    expect(seriesSum(await (await watched()).scrape(), 'vouch_ready')).toBe(1)
  })

  test('is the only one that has them: the public server has no such route', async () => {
    const { url, metricsUrl } = await watched()
    expect((await fetch(`${url}/metrics`)).status).toBe(404)
    const answer = await fetch(`${metricsUrl}/metrics`)
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('allows no web page, which a browser on the same machine could bring there', async () => {
    const { metricsUrl } = await watched()
    const answer = await fetch(`${metricsUrl}/metrics`, { headers: { origin: 'https://evil.example' } })
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })

  test('is nowhere unless an operator names it', async () => {
    expect(await observe({ meter: await openMeter() }, { unready: async () => [] })).toBeUndefined()
  })

  test.each(['9464', 'host', ':9464', '127.0.0.1:70000', '127.0.0.1:x'])('cannot be %s', (text) => {
    expect(() => hostAndPort(text, '--metrics-listen')).toThrow(
      expect.objectContaining({ code: 'USAGE', rule: '--metrics-listen must be HOST:PORT' }),
    )
  })

  test('may be of IPv6', () => {
    expect(hostAndPort('[::1]:9464', '--metrics-listen')).toEqual({ host: '::1', port: 9464 })
  })
})
