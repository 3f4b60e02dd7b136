import { rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { dirname } from 'node:path'
import { type Limits, type ListeningPlace, type RunningServer, startServer } from '@vouch/host/http'
import { printNonceRequest } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { REGISTRAR_LIMITS, siteOf } from '../node/http/site.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { newRegistry, testPolicy } from '../testing/enrolling.js'
import { noteLines } from '../testing/notes.js'

// What one client may take of what all share, and how a client is told from its proxy: on sockets, byte by byte.

const LARGE = 64 * 1024 * 1024
let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(testPolicy())
  registrar = await openRegistrar(folder)
})
afterAll(async () => {
  await registrar.close()
  await rm(dirname(folder), { recursive: true, force: true })
})

/** A server of its own for one test: what is served of the registrar, where, and with limits that the test can reach. */
async function serve(
  limits: Partial<Limits>,
  place: Partial<ListeningPlace> = {},
  service: Partial<Registrar> = {},
) {
  const where = { host: '127.0.0.1', port: 0, ...place }
  const server = await startServer(siteOf({ ...registrar, ...service }), where, {
    ...REGISTRAR_LIMITS,
    ...limits,
  })
  let isOpen = true
  const close = async (): Promise<void> => {
    if (isOpen) await server.close()
    isOpen = false
  }
  onTestFinished(close)
  return { ...server, close }
}

const refusalLines = (): Promise<readonly string[]> => noteLines(registrar.registry, 'refusal')

/** A connection, from an address of loopback. */
function opened({ address }: RunningServer, localAddress = '127.0.0.1'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: address.port, host: '127.0.0.1', localAddress }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Sends this on a connection, and answers with all that comes back until it ends, however it ends. */
function heardOn(socket: Socket, text = ''): Promise<string> {
  return new Promise((resolve) => {
    let heard = ''
    socket
      .on('data', (part) => (heard += part))
      .on('error', () => undefined)
      .on('close', () => resolve(heard))
    if (socket.closed) resolve(heard)
    if (text !== '') socket.write(text)
  })
}

describe('an address', () => {
  const health = 'GET /health HTTP/1.0\r\n\r\n'

  test('that opens connection after connection is turned away, and noted once; others are not', async () => {
    const own = await serve({ perAddress: 3 })
    const before = await refusalLines()
    const held = await Promise.all([1, 2, 3].map(() => opened(own)))
    const turnedAway = await Promise.all([1, 2, 3].map(async () => heardOn(await opened(own))))
    for (const answer of turnedAway) {
      expect(answer).toMatch(/^HTTP\/1\.1 429 /)
      expect(answer).toContain('RATE_LIMITED')
    }
    await expect
      .poll(async () => (await refusalLines()).slice(before.length))
      .toEqual([expect.stringMatching(/"from":"127.0.0.1","codes":"RATE_LIMITED"/)])
    expect(await heardOn(await opened(own, '127.0.0.2'), health)).toContain('200 OK')
    for (const socket of held) socket.destroy()
    await expect.poll(async () => heardOn(await opened(own), health)).toContain('200 OK')
  })

  test.each([
    ['say two bytes', 'PO'],
    ['say nothing', ''],
    [
      'begin a body',
      'POST /nonce HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    ],
  ])('is answered though 20 others %s on all the connections that they get', async (_, begun) => {
    const own = await serve({})
    const slow = await Promise.all(
      Array.from({ length: 20 * REGISTRAR_LIMITS.perAddress }, (_, i) =>
        opened(own, `127.0.0.${2 + (i % 20)}`),
      ),
    )
    for (const socket of slow) {
      socket.on('error', () => undefined)
      if (begun !== '') socket.write(begun)
    }
    for (let i = 0; i < 10; i++) expect(await heardOn(await opened(own), health)).toContain('200 OK')
    for (const socket of slow) socket.destroy()
  })

  test('that reads its answer too slowly is hung up on', async () => {
    // There is room for one connection: others are answered once the slow one is gone.
    const large = { bucket: async () => new Uint8Array(LARGE) }
    const own = await serve({ responseMs: 300, connections: 1 }, {}, large)
    const slow = await opened(own)
    const answered = new Promise<void>((resolve) => slow.once('readable', () => resolve()))
    slow.write('GET /leaves/0 HTTP/1.1\r\nHost: x\r\n\r\n')
    await answered
    const ask = async () => heardOn(await opened(own), health)
    await expect.poll(ask, { timeout: 20_000 }).toContain('200 OK')
    slow.removeAllListeners('readable')
    expect((await heardOn(slow)).length).toBeLessThan(LARGE)
  })

  test('that says nothing, or does not end what it says, keeps no server from ending', async () => {
    const own = await serve({ headersMs: 100, requestMs: 100, checkMs: 60_000 })
    const silent = await opened(own)
    const halting = await opened(own)
    halting.write(
      'POST /nonce HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    )
    for (const socket of [silent, halting]) socket.on('error', () => undefined)
    await own.close()
  })
})

describe('behind a proxy', () => {
  const loopback = { proxy: 'loopback' }
  const limits = { writes: { burst: 2, perSecond: 0.001 } }

  /** Asks for a nonce, from an address of loopback, with what the proxy says of the client. */
  async function ask(own: RunningServer, forwarded: string | undefined, from = '127.0.0.1') {
    const body = printNonceRequest({ version: 1, credential: 7n })
    const header = forwarded === undefined ? '' : `X-Forwarded-For: ${forwarded}\r\n`
    const head = `POST /nonce HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`
    const answer = await heardOn(await opened(own, from), `${head}${header}\r\n${body}`)
    return { status: Number(answer.split(' ')[1]), answer }
  }

  test('every client has its own limits, by the last hop, which alone is the word of the proxy', async () => {
    const own = await serve(limits, loopback)
    const before = await refusalLines()
    const statuses = []
    for (const made of [
      '203.0.113.1',
      '198.51.100.7, 203.0.113.1',
      '10.0.0.1,  203.0.113.1',
      'junk, 203.0.113.1',
    ])
      statuses.push((await ask(own, made)).status)
    expect(statuses).toEqual([200, 200, 429, 429])
    for (const other of ['203.0.113.2', '2001:db8::1', '203.0.113.1, 203.0.113.3'])
      expect((await ask(own, other)).status).toBe(200)
    const lines = (await refusalLines()).slice(before.length)
    expect(lines).toEqual([expect.stringContaining('"from":"203.0.113.1"')])
  })

  test.each([
    ['no X-Forwarded-For', undefined],
    ['an empty one', ''],
    ['one that ends in no address', '203.0.113.1, unknown'],
    ['one with a port', '203.0.113.1:4711'],
  ])('what comes with %s is refused in words', async (_, forwarded) => {
    const own = await serve(limits, loopback)
    const { status, answer } = await ask(own, forwarded)
    expect(status).toBe(400)
    expect(answer).toContain('VALUE_MALFORMED')
    expect(answer).toContain('X-Forwarded-For')
  })

  test('the proxy may hold more connections than a client, busy or not', async () => {
    const own = await serve({ perAddress: 2 }, loopback)
    const idle = await Promise.all([1, 2, 3, 4].map(() => opened(own)))
    expect((await ask(own, '203.0.113.1')).status).toBe(200)
    for (const socket of idle) {
      expect(socket.closed).toBe(false)
      socket.destroy()
    }
  })

  test('nobody is believed but the proxy', async () => {
    const own = await serve(limits, { ...loopback, proxy: '127.0.0.9' })
    const statuses = []
    for (const made of ['203.0.113.1', '203.0.113.2', '203.0.113.3'])
      statuses.push((await ask(own, made)).status)
    expect(statuses).toEqual([200, 200, 429])
    expect((await ask(own, '203.0.113.1', '127.0.0.9')).status).toBe(200)
  })

  test('without a proxy the header says nothing', async () => {
    const own = await serve(limits)
    const statuses = []
    for (const made of ['203.0.113.1', 'junk', undefined]) statuses.push((await ask(own, made)).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  test('a client has only so many requests in hand, and its proxy as many connections as it needs', async () => {
    let release = (): void => undefined
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    let inHand = 0
    const slow: Partial<Registrar> = {
      admit: async () => {
        inHand++
        await released
        return { admitted: false, failures: [{ code: 'PROOF_FALSE', rule: 'in a test' }] } as const
      },
    }
    const own = await serve({ perAddress: 2 }, loopback, slow)
    const enroll = async (client: string) => {
      const head = 'POST /enroll HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 2\r\n'
      return heardOn(await opened(own), `${head}X-Forwarded-For: ${client}\r\n\r\n{}`)
    }
    const waiting = [enroll('203.0.113.1'), enroll('203.0.113.1')]
    await expect.poll(() => inHand).toBe(2)
    expect(await enroll('203.0.113.1')).toMatch(/^HTTP\/1\.1 429 /)
    waiting.push(enroll('203.0.113.2'))
    await expect.poll(() => inHand).toBe(3)
    release()
    for (const answer of await Promise.all(waiting)) expect(answer).toMatch(/^HTTP\/1\.1 403 /)
    expect(await enroll('203.0.113.1')).toMatch(/^HTTP\/1\.1 403 /)
  })
})
