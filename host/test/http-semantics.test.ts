import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { ErrorCode } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import {
  bytesAnswer,
  jsonAnswer,
  type Limits,
  type Origins,
  originsArgument,
  type Routes,
  type RunningServer,
  startServer,
} from '../node/http/index.js'
import { WIDE_LIMITS } from './support/limits.js'

// What HTTP asks of a server besides its answers: HEAD, tags, caches, encodings, and pages of other origins.

const ROUTES: Routes<{ version: number }> = {
  '/head': {
    method: 'GET',
    path: /^\/head$/,
    bodyLimit: 0,
    answer: ({ version }) => ({ ...jsonAnswer(JSON.stringify({ version })), caching: 'nothing' }),
  },
  '/policies': {
    method: 'GET',
    path: /^\/policies$/,
    bodyLimit: 0,
    answer: ({ version }) => jsonAnswer(JSON.stringify({ version })),
  },
  '/leaves': {
    method: 'GET',
    path: /^\/leaves$/,
    bodyLimit: 0,
    answer: () => ({ ...bytesAnswer(new Uint8Array(1000).fill(7)), caching: 'content' }),
  },
  '/post': {
    method: 'POST',
    path: /^\/post$/,
    bodyLimit: 100,
    answer: (_, { body }) => jsonAnswer(JSON.stringify({ size: body.length })),
  },
  '/peers': {
    method: 'POST',
    path: /^\/peers$/,
    bodyLimit: 100,
    pages: false,
    answer: () => jsonAnswer('{}'),
  },
}

const service = { version: 1 }
let server: RunningServer
const urlOf = ({ address }: RunningServer): string => `http://127.0.0.1:${address.port}`

function start(limits: Partial<Limits> = {}, origins?: Origins): Promise<RunningServer> {
  const site = { routes: ROUTES, service, noteRefusal: () => undefined }
  return startServer(site, { host: '127.0.0.1', port: 0, origins }, { ...WIDE_LIMITS, ...limits })
}

/** A server of its own for one test. */
async function own(limits: Partial<Limits> = {}, origins?: Origins): Promise<string> {
  const started = await start(limits, origins)
  onTestFinished(() => started.close())
  return urlOf(started)
}

beforeAll(async () => {
  server = await start()
})
afterAll(() => server.close())

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${urlOf(server)}${path}`, init)

async function codesIn(response: Response): Promise<readonly ErrorCode[]> {
  const { failures } = (await response.json()) as { failures: { code: ErrorCode }[] }
  return failures.map(({ code }) => code)
}

/** Sends this byte for byte, and answers with all that comes back. */
function heard(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let all = ''
    const socket = connect(server.address.port, '127.0.0.1', () => socket.write(text))
    socket
      .on('data', (part) => (all += part))
      .on('end', () => resolve(all))
      .on('error', reject)
  })
}

describe('HEAD', () => {
  test.each(Object.entries(ROUTES).flatMap(([path, { method }]) => (method === 'GET' ? [path] : [])))(
    'of %s has the headers of GET, and no body',
    async (path) => {
      const [got, head] = [await ask(path), await ask(path, { method: 'HEAD' })]
      expect(head.status).toBe(200)
      for (const name of ['content-type', 'content-length', 'etag', 'cache-control'])
        expect([name, head.headers.get(name)]).toEqual([name, got.headers.get(name)])
      expect(Number(head.headers.get('content-length'))).toBe((await got.arrayBuffer()).byteLength)
      const raw = await heard(`HEAD ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
      expect(raw.split('\r\n\r\n')[1]).toBe('')
    },
  )

  test('of what is not there, or only posted to, is 404', async () => {
    for (const path of ['/nowhere', '/post']) expect((await ask(path, { method: 'HEAD' })).status).toBe(404)
  })
})

describe('a tag', () => {
  test('of what a client has already is answered with 304 and no body', async () => {
    const etag = (await ask('/leaves')).headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[\w-]{22}"$/)
    for (const given of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      for (const method of ['GET', 'HEAD']) {
        const again = await ask('/leaves', { method, headers: { 'if-none-match': given } })
        expect([given, again.status, await again.text()]).toEqual([given, 304, ''])
        expect(again.headers.get('etag')).toBe(etag)
        expect(again.headers.get('cache-control')).toContain('immutable')
      }
    }
  })

  test.each(['"other"', '', 'W/"other"', '"other", "*"'])(
    'that is another, %s, is no tag of it',
    async (tag) => {
      expect((await ask('/leaves', { headers: { 'if-none-match': tag } })).status).toBe(200)
    },
  )

  test('changes with the body', async () => {
    const before = (await ask('/policies')).headers.get('etag') ?? ''
    service.version++
    const after = await ask('/policies', { headers: { 'if-none-match': before } })
    expect(after.status).toBe(200)
    expect(after.headers.get('etag')).not.toBe(before)
  })

  test('is on no answer but a body that was got', async () => {
    const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
    for (const answer of [await ask('/post', post), await ask('/nowhere')])
      expect(answer.headers.get('etag')).toBeNull()
  })
})

test('a cache keeps what its address names, asks before it uses the rest, and keeps no head, post or refusal', async () => {
  const kept = async (path: string, init?: RequestInit) =>
    (await ask(path, init)).headers.get('cache-control')
  expect(await kept('/leaves')).toBe('public, max-age=31536000, immutable')
  expect(await kept('/policies')).toBe('no-cache')
  expect(await kept('/head')).toBe('no-store')
  expect(await kept('/nowhere')).toBe('no-store')
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }
  expect(await kept('/post', post)).toBe('no-store')
})

describe('a body', () => {
  const posted = (headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer> = '{}') =>
    ask('/post', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })

  test.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity', 'x'])(
    'that is encoded as %s is refused with 415',
    async (encoding) => {
      const body = encoding === 'gzip' ? new Uint8Array(gzipSync('{}')) : '{}'
      const answer = await posted({ 'content-encoding': encoding }, body)
      expect(answer.status).toBe(415)
      expect(await codesIn(answer)).toEqual(['ENCODING_UNKNOWN'])
    },
  )

  test('that is encoded on its way only is refused as well', async () => {
    const answer = await heard(
      'POST /post HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    )
    expect(answer).toMatch(/^HTTP\/1\.1 415 /)
  })

  test.each(['identity', 'Identity'])('that is as it is, and says so (%s), is taken', async (encoding) => {
    expect((await posted({ 'content-encoding': encoding })).status).toBe(200)
  })

  test('is no longer than the operator lets it be, nor than its route does', async () => {
    const at = await own({ bodyBytes: 10 })
    const size = (length: number, url = at) =>
      fetch(`${url}/post`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: 'x'.repeat(length),
      })
    expect((await size(10)).status).toBe(200)
    expect((await size(11)).status).toBe(413)
    const wide = await own({ bodyBytes: 10_000 })
    expect((await size(101, wide)).status).toBe(413)
  })
})

describe('a page of another origin', () => {
  const origin = 'https://app.example'
  const preflight = (url: string, path: string, from = origin) =>
    fetch(`${url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    })

  test('may read every answer and refusal, with its tag and when to come again', async () => {
    for (const [path, status] of [
      ['/policies', 200],
      ['/nowhere', 404],
    ] as const) {
      const answer = await ask(path, { headers: { origin } })
      expect(answer.status).toBe(status)
      expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect(answer.headers.get('access-control-expose-headers')).toBe('etag, retry-after')
      expect(answer.headers.get('access-control-allow-credentials')).toBeNull()
    }
  })

  test('is told so also when it came too often, or has too many connections', async () => {
    const flooded = await own({ reads: { burst: 0, perSecond: 0 } })
    const refused = await fetch(`${flooded}/policies`, { headers: { origin } })
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([429, '*'])
    const crowded = await own({ perAddress: 0 })
    const turnedAway = await fetch(`${crowded}/policies`, { headers: { origin } })
    expect([turnedAway.status, turnedAway.headers.get('access-control-allow-origin')]).toEqual([429, '*'])
    expect(turnedAway.headers.get('retry-after')).toBe('30')
  })

  test('may post JSON, after asking whether it may', async () => {
    const answer = await preflight(urlOf(server), '/post')
    expect(answer.status).toBe(204)
    const said = Object.fromEntries(answer.headers)
    expect(said).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type, if-none-match',
      allow: 'POST, OPTIONS',
    })
    const got = await preflight(urlOf(server), '/leaves')
    expect(got.headers.get('access-control-allow-methods')).toBe('GET, HEAD')
    expect((await preflight(urlOf(server), '/nowhere')).status).toBe(404)
  })

  test('has no business where nodes talk to one another', async () => {
    const post = { method: 'POST', headers: { 'content-type': 'application/json', origin }, body: '{}' }
    for (const answer of [await preflight(urlOf(server), '/peers'), await ask('/peers', post)])
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  test('is told nothing unless it is on the operator’s list', async () => {
    const at = await own({}, [origin])
    for (const [from, allowed] of [
      [origin, origin],
      ['https://evil.example', null],
      ['null', null],
      [`${origin}.evil.example`, null],
    ] as const) {
      for (const answer of [
        await fetch(`${at}/policies`, { headers: { origin: from } }),
        await preflight(at, '/post', from),
      ]) {
        expect([from, answer.headers.get('access-control-allow-origin')]).toEqual([from, allowed])
        expect(answer.headers.get('access-control-allow-methods') === null).toBe(
          allowed === null || answer.status === 200,
        )
        expect(answer.headers.get('vary')).toBe('origin')
      }
    }
  })

  test('is told nothing where the operator allows none', async () => {
    const at = await own({}, originsArgument(['none']))
    for (const answer of [
      await fetch(`${at}/policies`, { headers: { origin } }),
      await preflight(at, '/post'),
    ])
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([])
  })
})

describe('--allow-origin', () => {
  test('is every origin, none, or a list', () => {
    expect(originsArgument()).toBe('*')
    expect(originsArgument(['*'])).toBe('*')
    expect(originsArgument(['none'])).toEqual([])
    const list = ['https://app.example', 'http://localhost:3000']
    expect(originsArgument(list)).toEqual(list)
  })

  test.each([
    [['https://app.example/']],
    [['https://app.example/path']],
    [['https://App.example']],
    [['https://app.example:443']],
    [['app.example']],
    [['null']],
    [['*', 'https://app.example']],
    [['none', 'https://app.example']],
    [['']],
  ])('is no origin when it is %j', (given) => {
    expect(() => originsArgument(given)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
