import { rm } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { parseAnswer, printAsk } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RunningService, type ServiceOptions, startService } from '../service/service.js'
import { askFor, codesIn, newFolder } from '../testing/services.js'

// Many before one service, from addresses of loopback: who is slow or greedy, and who is answered all the same.

let folder: string
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function serve(options: Partial<ServiceOptions> = {}, host = '127.0.0.1') {
  const place = { host, port: 0 }
  const service: RunningService = await startService({
    profile: 'sha256',
    keyFile: join(folder, 'key'),
    keyAnywhere: true,
    tcp: place,
    http: place,
    respond: (message) => message,
    ...options,
  })
  const [tcp = 0, http = 0] = service.endpoints.map((endpoint) => Number(new URL(endpoint).port))
  const sockets: Socket[] = []
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await service.close()
  })
  /** A connection from an address of loopback; whether it is let in shows only when something is sent. */
  const open = (port: number, localAddress: string, hostname = '127.0.0.1'): Promise<Socket> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: hostname, ...(hostname === '::1' ? {} : { localAddress }) })
      sockets.push(socket)
      socket.on('error', () => resolve(socket))
      socket.once('connect', () => resolve(socket))
    })
  return { tcp, http, open }
}

/** Sends this, and answers with what comes back, up to a line or the end. */
function heard(socket: Socket, text: string): Promise<string> {
  return new Promise((resolve) => {
    let all = ''
    socket.on('data', (part) => {
      all += part
      if (all.includes('\n')) resolve(all)
    })
    socket.on('close', () => resolve(all))
    if (socket.destroyed) resolve(all)
    socket.write(text)
  })
}

/** Work that ends when it is released, however many asks are in hand by then. */
function heldWork() {
  let release = (): void => undefined
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let inHand = 0
  const respond = async (message: Uint8Array): Promise<Uint8Array> => {
    inHand++
    await released
    return message
  }
  return { respond, inHand: () => inHand, release: () => release() }
}

const LINE = `${printAsk(askFor('hello'))}\n`
const isAnswered = (text: string): boolean => {
  try {
    return parseAnswer(text.trim()).version === 1
  } catch {
    return false
  }
}

function posted(port: number, localAddress: string, headers = {}): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const sending = request(
      { port, host: '127.0.0.1', localAddress, method: 'POST', agent: false },
      (response) => {
        let body = ''
        response
          .on('data', (part) => (body += part))
          .on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      },
    ).on('error', reject)
    sending.setHeader('content-type', 'application/json')
    for (const [name, value] of Object.entries(headers)) sending.setHeader(name, String(value))
    sending.end(printAsk(askFor('hello')))
  })
}

const slowAddresses = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `127.0.0.${i + 2}`)

describe('a service', () => {
  test('is not silenced by 256 connections of two bytes each from one address', async () => {
    const { tcp, http, open } = await serve()
    for (let i = 0; i < 256; i++) (await open(tcp, '127.0.0.2')).write('{"')
    expect(isAnswered(await heard(await open(tcp, '127.0.0.1'), LINE))).toBe(true)
    expect((await posted(http, '127.0.0.1')).status).toBe(200)
  })

  test.each(['tcp', 'http'] as const)(
    'is not silenced by slow connections of 20 addresses over %s, either way in',
    async (wire) => {
      const { tcp, http, open } = await serve()
      const [port, begun] = wire === 'tcp' ? [tcp, '{"'] : [http, 'PO']
      for (const address of slowAddresses(20))
        for (let i = 0; i < 32; i++) (await open(port, address)).write(begun)
      for (let i = 0; i < 5; i++) {
        expect(isAnswered(await heard(await open(tcp, '127.0.0.1'), LINE))).toBe(true)
        expect((await posted(http, '127.0.0.1')).status).toBe(200)
      }
    },
  )

  test('tells a client that has all its connections so, over either wire', async () => {
    const { tcp, http, open } = await serve({ limits: { perClient: 3 } })
    for (let i = 0; i < 3; i++) await open(tcp, '127.0.0.2')
    expect(codesIn(await heard(await open(tcp, '127.0.0.2'), ''))).toEqual(['RATE_LIMITED'])
    const answer = await heard(await open(http, '127.0.0.2'), '')
    expect(answer).toMatch(/^HTTP\/1\.1 429 /)
    expect((await posted(http, '127.0.0.3')).status).toBe(200)
  })

  test('knows an IPv4 client that comes in the form of IPv6', async () => {
    const { tcp, open } = await serve({ limits: { perClient: 2 } }, '::')
    await open(tcp, '127.0.0.2')
    await open(tcp, '127.0.0.2')
    expect(codesIn(await heard(await open(tcp, '127.0.0.2'), ''))).toEqual(['RATE_LIMITED'])
    expect(isAnswered(await heard(await open(tcp, '127.0.0.3'), LINE))).toBe(true)
    expect(isAnswered(await heard(await open(tcp, '', '::1'), LINE))).toBe(true)
  })

  test('whose rate for all is used up answers a newcomer', async () => {
    const { tcp, open } = await serve({ limits: { total: { burst: 20, perSecond: 0.001 } } })
    const greedy = await Promise.all(slowAddresses(5).map((address) => open(tcp, address)))
    await Promise.all(
      greedy.map(async (socket) => {
        for (let i = 0; i < 8; i++) {
          socket.removeAllListeners('data')
          await heard(socket, LINE)
        }
      }),
    )
    const [first] = greedy
    if (first === undefined) throw new Error('there are five')
    expect(codesIn(await heard(first, LINE))).toEqual(['RATE_LIMITED'])
    expect(isAnswered(await heard(await open(tcp, '127.0.0.1'), LINE))).toBe(true)
  })

  test('whose work one client takes, connection by connection, works for a newcomer', async () => {
    const work = heldWork()
    const { tcp, open } = await serve({ respond: work.respond, limits: { concurrent: 8 } })
    const greedy = await Promise.all(Array.from({ length: 8 }, () => open(tcp, '127.0.0.2')))
    const answers = greedy.map((socket) => heard(socket, LINE))
    await expect.poll(work.inHand).toBe(4)
    const newcomer = heard(await open(tcp, '127.0.0.1'), LINE)
    await expect.poll(work.inHand).toBe(5)
    work.release()
    expect(isAnswered(await newcomer)).toBe(true)
    const busy = (await Promise.all(answers)).filter((answer) => !isAnswered(answer))
    expect(busy.flatMap((answer) => codesIn(answer))).toEqual(['BUSY', 'BUSY', 'BUSY', 'BUSY'])
  })
})

test('a service takes no connection away that it is working for', async () => {
  const work = heldWork()
  const { tcp, open } = await serve({ respond: work.respond, limits: { connections: 2 } })
  const answers = [heard(await open(tcp, '127.0.0.2'), LINE), heard(await open(tcp, '127.0.0.2'), LINE)]
  await expect.poll(work.inHand).toBe(2)
  expect(codesIn(await heard(await open(tcp, '127.0.0.1'), ''))).toEqual(['BUSY'])
  work.release()
  expect((await Promise.all(answers)).map(isAnswered)).toEqual([true, true])
})

describe('a service behind a proxy', () => {
  const limits = { perAddress: { burst: 2, perSecond: 0.001 }, perClient: 2 }

  test('has limits for each client that the proxy names, and believes the proxy alone', async () => {
    const { http } = await serve({ proxy: 'loopback', limits })
    const of = async (client: string) =>
      (await posted(http, '127.0.0.1', { 'x-forwarded-for': client })).status
    expect([await of('203.0.113.1'), await of('203.0.113.1'), await of('203.0.113.1')]).toEqual([
      200, 200, 429,
    ])
    expect(await of('203.0.113.2')).toBe(200)
    expect((await posted(http, '127.0.0.1')).status).toBe(400)
  })

  test('takes each connection over TCP for a client, since the proxy says no more', async () => {
    const { tcp, open } = await serve({ proxy: 'loopback', limits })
    const many = await Promise.all([1, 2, 3, 4].map(() => open(tcp, '127.0.0.1')))
    for (const socket of many) {
      expect(isAnswered(await heard(socket, LINE))).toBe(true)
      socket.removeAllListeners('data')
    }
    const [first] = many
    if (first === undefined) throw new Error('there are four')
    await heard(first, LINE)
    first.removeAllListeners('data')
    expect(codesIn(await heard(first, LINE))).toEqual(['RATE_LIMITED'])
  })
})
