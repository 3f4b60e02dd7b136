import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type NetConnectOpts, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fault, startFaultProxy } from './support/fault-proxy.js'

// The end-to-end tests judge both parties by what this proxy does: so it has to do just that.

const QUESTION = 'what is the answer?'
const ANSWER = `42 is what came of "${QUESTION}"`
let server: Server
let port: number

beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }, (socket) => {
    let heard = ''
    socket.on('error', () => undefined)
    socket.on('data', (part) => {
      heard += part.toString('latin1')
    })
    socket.on('end', () => socket.end(`42 is what came of "${heard}"`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

interface Heard {
  readonly text: string
  readonly end: 'end' | 'reset' | 'nothing in time'
  readonly ms: number
}

/** Asks, and listens until it is over; `patienceMs` tells a stall from an end. */
function askAt(where: NetConnectOpts, patienceMs = 20_000): Promise<Heard> {
  const start = performance.now()
  return new Promise((resolve) => {
    let text = ''
    const socket = connect({ ...where, allowHalfOpen: true }, () => socket.end(QUESTION))
    const over = (end: Heard['end']): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve({ text, end, ms: performance.now() - start })
    }
    const timer = setTimeout(() => over('nothing in time'), patienceMs)
    socket.on('data', (part) => {
      text += part.toString('latin1')
    })
    socket.on('end', () => over('end'))
    socket.on('error', () => over('reset'))
  })
}

async function through(fault: Fault, patienceMs?: number): Promise<Heard> {
  const proxy = await startFaultProxy({ host: '127.0.0.1', port }, fault)
  try {
    return await askAt({ host: '127.0.0.1', port: proxy.port }, patienceMs)
  } finally {
    await proxy.close()
  }
}

describe('a proxy', () => {
  test('without a fault is not noticed', async () => {
    expect(await through({ kind: 'none' })).toMatchObject({ text: ANSWER, end: 'end' })
  })

  test('notes what each side says, harmed or not', async () => {
    const proxy = await startFaultProxy({ host: '127.0.0.1', port }, { kind: 'corrupt', at: 0 })
    await askAt({ host: '127.0.0.1', port: proxy.port })
    await proxy.close()
    const { client, server } = proxy.said
    expect([client, server].map((parts) => Buffer.concat(parts).toString())).toEqual([QUESTION, ANSWER])
  })

  test('that drops resets the connection', async () => {
    expect(await through({ kind: 'drop', after: 0 })).toMatchObject({ text: '', end: 'reset' })
    expect(await through({ kind: 'drop', after: 0, towards: 'server' })).toMatchObject({ end: 'reset' })
  })

  test('that delays lets everything come late', async () => {
    const { text, ms } = await through({ kind: 'delay', ms: 300 })
    expect(text).toBe(ANSWER)
    expect(ms).toBeGreaterThan(290)
  })

  test('that truncates ends as if all had been said', async () => {
    expect(await through({ kind: 'truncate', after: 2 })).toMatchObject({ text: '42', end: 'end' })
    expect(await through({ kind: 'truncate', after: 4, towards: 'server' })).toMatchObject({
      text: '42 is what came of "what"',
    })
  })

  test('that corrupts changes one bit, where it is told to', async () => {
    const { text } = await through({ kind: 'corrupt', at: 1 })
    expect(text).toBe(ANSWER.replace('42', '43'))
    const { text: asked } = await through({ kind: 'corrupt', at: 0, towards: 'server' })
    expect(asked).toBe(ANSWER.replace('what is the', 'vhat is the'))
  })

  test('that stalls says nothing more, and does not end', async () => {
    expect(await through({ kind: 'stall', after: 0 }, 300)).toMatchObject({
      text: '',
      end: 'nothing in time',
    })
    expect(await through({ kind: 'stall', after: 2 }, 300)).toMatchObject({ text: '42' })
  })

  test('takes another fault for the connections that follow, and counts them', async () => {
    const proxy = await startFaultProxy({ host: '127.0.0.1', port }, { kind: 'drop', after: 0 })
    const where = { host: '127.0.0.1', port: proxy.port }
    expect(await askAt(where)).toMatchObject({ end: 'reset' })
    proxy.fault = { kind: 'none' }
    expect(await askAt(where)).toMatchObject({ text: ANSWER })
    expect(proxy.accepted).toBe(2)
    await proxy.close()
  })

  test('harms what is said after a question, and nothing before', async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1')
    await once(echo, 'listening')
    const to = { host: '127.0.0.1', port: (echo.address() as AddressInfo).port }
    const proxy = await startFaultProxy(to, { kind: 'corrupt', at: 0, since: 'second' })
    const socket = connect({ host: '127.0.0.1', port: proxy.port })
    const answers: string[] = []
    for (const question of ['first', 'second', 'third']) {
      socket.write(question)
      answers.push(String((await once(socket, 'data'))[0]))
    }
    socket.destroy()
    await proxy.close()
    echo.close()
    expect(answers).toEqual(['first', 'recond', 'third'])
  })

  test('stands between unix sockets as well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-proxy-'))
    const path = join(folder, 'socket')
    const proxy = await startFaultProxy({ host: '127.0.0.1', port }, { kind: 'corrupt', at: 1 }, { path })
    expect(await askAt({ path })).toMatchObject({ text: ANSWER.replace('42', '43') })
    await proxy.close()
    await rm(folder, { recursive: true })
  })
})
