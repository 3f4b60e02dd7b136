import { request } from 'node:http'
import { connect } from 'node:net'
import { type ErrorCode, plain, VouchError } from '@vouch/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  bytesAnswer,
  getOperation,
  jsonAnswer,
  jsonResponse,
  LIVENESS_ROUTES,
  type Limits,
  oncePer,
  openApiDocument,
  type Routes,
  type RunningServer,
  refusal,
  refusalBody,
  startServer,
} from '../node/http/index.js'
import { WIDE_LIMITS } from './support/limits.js'

// A small site on loopback, and strangers before it.

interface Counter {
  count: number
  release?: () => void
}

const ROUTES: Routes<Counter> = {
  '/count/{by}': {
    method: 'POST',
    path: /^\/count\/([0-9]+)$/,
    bodyLimit: 16,
    answer: (counter, { body, argument }) => {
      counter.count += Number(argument)
      return jsonAnswer(JSON.stringify({ count: counter.count, body: new TextDecoder().decode(body) }))
    },
  },
  '/bytes': {
    method: 'GET',
    path: /^\/bytes$/,
    bodyLimit: 0,
    answer: () => bytesAnswer(new Uint8Array([1, 2])),
  },
  '/slow': {
    method: 'GET',
    path: /^\/slow$/,
    bodyLimit: 0,
    answer: (counter) =>
      new Promise((resolve) => {
        counter.release = () => resolve(jsonAnswer('{}'))
      }),
  },
  '/awaited': {
    method: 'GET',
    path: /^\/awaited$/,
    bodyLimit: 0,
    answer: () => {
      throw new VouchError('SERVICES_AWAITED', { rule: 'not yet' })
    },
  },
  '/bug': {
    method: 'GET',
    path: /^\/bug$/,
    bodyLimit: 0,
    answer: () => {
      throw new Error('with a secret in it')
    },
  },
}

let server: RunningServer
const counter: Counter = { count: 0 }
const noted: string[] = []

function start(limits: Partial<Limits> = {}): Promise<RunningServer> {
  const noteRefusal = (from: string, failures: readonly { code: string }[]): void => {
    noted.push(`${from} ${failures.map(({ code }) => code).join(',')}`)
  }
  const site = { routes: ROUTES, service: counter, noteRefusal }
  return startServer(site, { host: '127.0.0.1', port: 0 }, { ...WIDE_LIMITS, ...limits })
}

beforeAll(async () => {
  server = await start()
})
afterAll(() => server.close())
beforeEach(() => noted.splice(0))

const urlOf = ({ address }: RunningServer): string => `http://127.0.0.1:${address.port}`
const get = (path: string, at = server) => fetch(`${urlOf(at)}${path}`)
const post = (path: string, body: string, type = 'application/json', at = server) =>
  fetch(`${urlOf(at)}${path}`, { method: 'POST', headers: { 'content-type': type }, body })

async function codesIn(response: Response): Promise<readonly ErrorCode[]> {
  const { failures } = (await response.json()) as { failures: { code: ErrorCode }[] }
  return failures.map(({ code }) => code)
}

async function withLimits<T>(limits: Partial<Limits>, use: (own: RunningServer) => Promise<T>): Promise<T> {
  const own = await start(limits)
  try {
    return await use(own)
  } finally {
    await own.close()
  }
}

describe('a server', () => {
  test('hands a route the body and what its path leaves open', async () => {
    counter.count = 0
    expect(await (await post('/count/3', '"x"')).json()).toEqual({ count: 3, body: '"x"' })
    const bytes = await get('/bytes')
    expect(bytes.headers.get('content-type')).toBe('application/octet-stream')
    expect(new Uint8Array(await bytes.arrayBuffer())).toEqual(new Uint8Array([1, 2]))
  })

  test.each([
    ['/awaited', 503, 'SERVICES_AWAITED', '5'],
    ['/bug', 500, 'INTERNAL', null],
    ['/nowhere', 404, 'USAGE', null],
  ] as const)('answers %s with %i and %s', async (path, status, code, retryAfter) => {
    const answer = await get(path)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('retry-after')).toBe(retryAfter)
    expect(await codesIn(answer)).toEqual([code])
  })

  test('says nothing of an error that is not ours', () => {
    expect(refusalBody(new Error('with a secret in it'))).not.toContain('secret')
  })

  test('ends when what is in hand is answered', async () => {
    const own = await start()
    const slow = get('/slow', own)
    while (counter.release === undefined) await new Promise((resolve) => setTimeout(resolve, 5))
    const closed = own.close()
    counter.release()
    expect((await slow).status).toBe(200)
    await closed
    await expect(get('/bytes', own)).rejects.toThrow()
  })

  test('says so when its port is taken', async () => {
    const site = { routes: ROUTES, service: counter, noteRefusal: () => undefined }
    const taken = startServer(site, { host: '127.0.0.1', port: server.address.port }, WIDE_LIMITS)
    await expect(taken).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('a stranger', () => {
  test.each([
    ['too much', '/count/1', 'x'.repeat(17), 'application/json', 413, 'TOO_LARGE'],
    ['what a web page can send without asking', '/count/1', '{}', 'text/plain', 400, 'VALUE_MALFORMED'],
    ['to nowhere', '/admin', '{}', 'application/json', 404, 'USAGE'],
  ] as const)('that sends %s is refused, and noted', async (_, path, body, type, status, code) => {
    counter.count = 0
    const answer = await post(path, body, type)
    expect(answer.status).toBe(status)
    expect(await codesIn(answer)).toEqual([code])
    expect(noted).toEqual([`127.0.0.1 ${code}`])
    expect(counter.count).toBe(0)
  })

  test('that does not say how much it sends is cut off at the limit', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json' }
      const sending = request(`${urlOf(server)}/count/1`, { method: 'POST', headers }, (response) => {
        response.resume().on('end', () => resolve(response.statusCode))
      }).on('error', reject)
      sending.write('x'.repeat(10))
      setImmediate(() => sending.write('x'.repeat(10)))
    })
    expect(status).toBe(413)
  })

  test('that floods is told to wait, and noted once', async () => {
    await withLimits({ writes: { burst: 2, perSecond: 0 } }, async (own) => {
      const statuses = []
      for (let i = 0; i < 6; i++) statuses.push((await post('/count/0', '', 'application/json', own)).status)
      expect(statuses).toEqual([200, 200, 429, 429, 429, 429])
      expect(noted).toEqual(['127.0.0.1 RATE_LIMITED'])
      expect((await get('/bytes', own)).status).toBe(200)
    })
  })

  test('that comes when there is enough in hand is told so', async () => {
    await withLimits({ concurrent: 0 }, async (own) => {
      expect(await codesIn(await get('/bytes', own))).toEqual(['BUSY'])
    })
  })

  test.each([
    ['headers', 'POST /count/1 HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    [
      'body',
      'POST /count/1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('that never ends its %s is hung up on', async (_, begun) => {
    await withLimits({ headersMs: 100, requestMs: 150, checkMs: 25 }, async (own) => {
      const heard = await new Promise<string>((resolve, reject) => {
        let text = ''
        const socket = connect(own.address.port, '127.0.0.1', () => socket.write(begun))
        socket
          .on('data', (part) => (text += part))
          .on('end', () => resolve(text))
          .on('error', reject)
      })
      expect(heard).toMatch(/^HTTP\/1\.1 408 /)
    })
  })
})

describe('a server that cannot do its work', () => {
  test.each<ErrorCode>(['LOCKED', 'LOG_CORRUPT', 'STORAGE_FAILED', 'CLOCK_AHEAD'])(
    'says so of %s with 503',
    (code) => {
      expect(refusal([{ code, rule: '' }]).status).toBe(503)
    },
  )

  test('is alive and not ready, and says everything that is in the way', async () => {
    const failures = [
      { code: 'HEAD_TOO_OLD', rule: 'old' },
      { code: 'STORAGE_FAILED', rule: 'full' },
    ] as const
    const asked = { body: new Uint8Array(), from: '', argument: '' }
    const { '/ready': ready, '/health': health } = LIVENESS_ROUTES
    const answer = await ready?.answer({ unready: async () => failures }, asked)
    expect(answer).toMatchObject({ status: 503, retryAfter: 5 })
    expect(JSON.parse(String(answer?.body))).toMatchObject({ failures })
    expect((await ready?.answer({ unready: async () => [] }, asked))?.status).toBe(200)
    expect((await health?.answer({ unready: async () => failures }, asked))?.status).toBe(200)
  })

  test('asks the disk again after a while, and not before', async () => {
    let asked = 0
    const ask = oncePer(0.05, async () => ++asked)
    expect([await ask(), await ask()]).toEqual([1, 1])
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(await ask()).toBe(2)
  })
})

test('a document names schemas that it has', () => {
  const paths = { '/a': getOperation('a', jsonResponse('A', 'an A')) }
  const document = plain(openApiDocument({ title: 'T', description: 'D', paths, schemas: { A: true } }))
  const text = JSON.stringify(document)
  for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) {
    expect(document).toHaveProperty(`components.schemas.${name}`)
  }
})
