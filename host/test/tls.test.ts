import { chmodSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect as connectPlain, type Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import {
  type Callers,
  jsonAnswer,
  type Limits,
  openMeter,
  type Routes,
  type RunningServer,
  startServer,
  TlsIdentity,
  tlsOf,
} from '../node/http/index.js'
import { type Issued, type TestAuthority, testAuthority } from '../testing/certificates.js'
import { parseExposition, seriesSum } from '../testing/exposition.js'
import { WIDE_LIMITS } from './support/limits.js'

// A server in TLS: what it shows, what it takes, and how it bounds clients before they have said anything.

let authority: TestAuthority
let own: Issued
beforeEach((context) => {
  needs.openssl(context)
  authority ??= testAuthority()
  own ??= authority.issue('first')
})

interface Slow {
  release?: () => void
}

const ROUTES: Routes<Slow> = {
  '/': {
    method: 'GET',
    path: /^\/$/,
    bodyLimit: 0,
    answer: (_, { from }) => jsonAnswer(JSON.stringify({ from })),
  },
  '/put': { method: 'POST', path: /^\/put$/, bodyLimit: 100, answer: () => jsonAnswer('{}') },
  '/slow': {
    method: 'GET',
    path: /^\/slow$/,
    bodyLimit: 0,
    answer: (slow) => new Promise((resolve) => (slow.release = () => resolve(jsonAnswer('{}')))),
  },
}

interface Served {
  readonly server: RunningServer
  readonly slow: Slow
  readonly said: string[]
  readonly files: Issued
  count(name: string): Promise<number>
}

/** Serves under a copy of the pair, which the test may change. */
async function serve(limits: Partial<Limits> = {}, callers: Callers = {}): Promise<Served> {
  const said: string[] = []
  const files = { cert: `${own.cert}.served`, key: `${own.key}.served` }
  put(files, own)
  const tls = await TlsIdentity.open(files, (words) => void said.push(words))
  const [slow, meter]: [Slow, Awaited<ReturnType<typeof openMeter>>] = [{}, await openMeter()]
  const site = { routes: ROUTES, service: slow, noteRefusal: () => undefined }
  const place = { host: '127.0.0.1', port: 0, tls, meter, ...callers }
  const server = await startServer(site, place, { ...WIDE_LIMITS, ...limits })
  onTestFinished(() => server.close(0))
  const count = async (name: string): Promise<number> => seriesSum(parseExposition(await meter.text()), name)
  return { server, slow, said, files, count }
}

function put(to: Issued, { cert, key }: Issued): void {
  copyFileSync(cert, to.cert)
  copyFileSync(key, to.key)
  chmodSync(to.key, 0o600)
}

const opened = (server: RunningServer, options: ConnectionOptions = {}): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const { port } = server.address
    const socket = connect({ port, host: '127.0.0.1', ca: authority.rootPem, ...options }, () =>
      resolve(socket),
    )
    socket.once('error', reject)
    onTestFinished(() => void socket.destroy())
  })

const openedPlain = (server: RunningServer, localAddress = '127.0.0.1'): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connectPlain({ port: server.address.port, host: '127.0.0.1', localAddress }, () =>
      resolve(socket),
    )
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
  })

function get(
  server: RunningServer,
  path = '/',
  agent = new Agent(),
  localAddress = '127.0.0.1',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { agent, localAddress, ca: authority.rootPem }
    const sending = request(`${server.url}${path}`, options, async (response) => {
      let text = ''
      for await (const part of response) text += String(part)
      resolve(text)
    })
    sending.on('error', reject).end()
  })
}

const isClosed = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    socket.resume().once('close', () => resolve(true))
    setTimeout(() => resolve(socket.closed), 500)
  })

const nameShown = (socket: TLSSocket): string => String(socket.getPeerCertificate().subject.CN)

describe('a server in TLS', () => {
  test('answers, knows where requests come from, and says that it is https', async () => {
    const { server, count } = await serve()
    expect(server.url).toBe(`https://127.0.0.1:${server.address.port}`)
    expect(await get(server)).toBe('{"from":"127.0.0.1"}')
    const end = await count('vouch_tls_certificate_end_timestamp_seconds')
    expect(end - Date.now() / 1000).toBeGreaterThan(86_400)
  })

  test('prefers version 1.3, takes 1.2 with forward secrecy, and nothing older', async () => {
    const { server, count } = await serve()
    expect((await opened(server)).getProtocol()).toBe('TLSv1.3')
    expect((await TlsIdentity.open(own, () => undefined)).options.minVersion).toBe('TLSv1.2') // whatever Node is told
    const older = await opened(server, { maxVersion: 'TLSv1.2' })
    expect([older.getProtocol(), older.getCipher().name]).toEqual([
      'TLSv1.2',
      expect.stringMatching(/^ECDHE-.*(GCM|POLY1305)/),
    ])
    const ancient = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' } as const
    await expect(opened(server, ancient)).rejects.toThrow()
    await expect(
      opened(server, { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }),
    ).rejects.toThrow()
    expect(await count('vouch_tls_failures_total')).toBe(2)
  })

  test('tells nothing to a client that speaks plain HTTP, and goes on', async () => {
    const { server, count } = await serve()
    const socket = await openedPlain(server)
    let heard = ''
    socket.on('data', (part) => (heard += part.toString('latin1')))
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    expect(await isClosed(socket)).toBe(true)
    expect(heard).not.toContain('HTTP')
    expect(await count('vouch_tls_failures_total')).toBe(1)
    expect(await get(server)).toContain('127.0.0.1')
  })
})

describe('on SIGHUP', () => {
  test('a server shows its new certificate, and drops no connection', async () => {
    const { server, files, said } = await serve()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const before = await opened(server)
    await get(server, '/', agent)
    put(files, authority.issue('second'))
    process.emit('SIGHUP')
    await expect.poll(() => said).toEqual(['the certificate was read anew'])
    expect([nameShown(before), nameShown(await opened(server))]).toEqual(['first', 'second'])
    expect(before.closed).toBe(false)
    before.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const heard = await new Promise<string>((resolve) =>
      before.once('data', (part) => resolve(part.toString())),
    )
    expect(heard).toMatch(/^HTTP\/1\.1 200/)
    expect(await get(server, '/', agent)).toContain('127.0.0.1')
  })

  test.each<[string, (files: Issued) => void, string]>([
    ['whose key is of another', ({ key }) => copyFileSync(authority.issue('other').key, key), 'USAGE'],
    [
      'that is cut off',
      ({ cert }) => writeFileSync(cert, readFileSync(cert, 'utf8').slice(0, 200)),
      'CERTIFICATE_MALFORMED',
    ],
    ['that others may read', ({ key }) => chmodSync(key, 0o644), 'KEY_EXPOSED'],
  ])('a new pair %s is not used: the old one stays, and the server says so', async (_, spoil, code) => {
    const { server, files, said } = await serve()
    spoil(files)
    process.emit('SIGHUP')
    await expect
      .poll(() => said.join())
      .toMatch(new RegExp(`^error: the new certificate is not used, .* \\[${code}\\]$`))
    expect(nameShown(await opened(server))).toBe('first')
  })

  test('nothing is read once the server has ended', async () => {
    const before = process.listenerCount('SIGHUP')
    const { server } = await serve()
    expect(process.listenerCount('SIGHUP')).toBe(before + 1)
    await server.close(0)
    expect(process.listenerCount('SIGHUP')).toBe(before)
  })
})

describe('a client of a server in TLS', () => {
  test('that never ends its handshake has a place like every other, and loses it', async () => {
    const { server, count } = await serve({ headersMs: 300 })
    const silent = await openedPlain(server)
    await expect.poll(() => count('vouch_connections')).toBe(1)
    expect(await isClosed(silent)).toBe(true)
    await expect.poll(() => count('vouch_connections')).toBe(0)
    expect(await count('vouch_tls_failures_total')).toBe(1)
  })

  test('gets as many places as others, handshakes included, and no word when there is none', async () => {
    const { server, count } = await serve({ perAddress: 2 })
    await opened(server)
    await openedPlain(server)
    await expect.poll(() => count('vouch_connections')).toBe(2)
    const third = await openedPlain(server)
    let heard = 0
    third.on('data', (part) => (heard += part.length))
    expect([await isClosed(third), heard]).toEqual([true, 0])
    expect(await count('vouch_connections_refused_total')).toBe(1)
    await expect(opened(server)).rejects.toThrow()
    expect(await count('vouch_tls_failures_total')).toBe(0) // no handshake was begun
    expect(await get(server, '/', new Agent(), '127.0.0.4')).toContain('127.0.0.4')
  })

  test('whose request is worked on keeps its place, and an idle one makes room', async () => {
    const { server, slow } = await serve({ connections: 2 })
    const working = get(server, '/slow', new Agent(), '127.0.0.2')
    await expect.poll(() => slow.release !== undefined).toBe(true)
    const idle = await opened(server, { localAddress: '127.0.0.2' } as ConnectionOptions)
    expect(await get(server, '/', new Agent(), '127.0.0.3')).toContain('127.0.0.3')
    expect(await isClosed(idle)).toBe(true)
    slow.release?.()
    expect(await working).toBe('{}')
  })
})

test('behind a proxy that speaks TLS, places are taken from the client that has most', async () => {
  const { server, count } = await serve({ connections: 3 }, { proxy: 'loopback' })
  const idle = await opened(server)
  const uploads = [await opened(server), await opened(server)]
  const head =
    'POST /put HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.5\r\nContent-Type: application/json\r\n'
  for (const upload of uploads) upload.write(`${head}Content-Length: 50\r\n\r\n{`)
  await expect.poll(() => count('vouch_connections')).toBe(3)
  await new Promise((resolve) => setTimeout(resolve, 100)) // until both were heard
  const newcomer = await opened(server)
  expect(await Promise.all([...uploads, idle, newcomer].map(isClosed))).toEqual([true, false, false, false])
})

test('a server that wants certificates takes up no session: each connection shows its own', async () => {
  const client = authority.issue('client')
  const shown = { cert: readFileSync(client.cert), key: readFileSync(client.key) }
  for (const [clientCa, isReused] of [
    [undefined, true],
    [authority.root, false],
  ] as const) {
    const tls = await TlsIdentity.open({ ...own, clientCa }, () => undefined)
    const site = { routes: ROUTES, service: {}, noteRefusal: () => undefined }
    const server = await startServer(site, { host: '127.0.0.1', port: 0, tls }, WIDE_LIMITS)
    onTestFinished(() => server.close(0))
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await opened(server, { ...shown, maxVersion })
      const given: Buffer[] = []
      first.on('session', (session: Buffer) => given.push(session))
      first.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      await new Promise((resolve) => first.once('data', resolve))
      const session = given.at(-1) ?? first.getSession()
      const second = await opened(server, { ...shown, maxVersion, session })
      expect([clientCa, maxVersion, second.isSessionReused()]).toEqual([clientCa, maxVersion, isReused])
    }
  }
})

describe('files that are no pair', () => {
  const pairOf = (cert: string, key: string) => TlsIdentity.open({ cert, key }, () => undefined)
  const file = (name: string, text: string): string => {
    const path = join(dirname(own.cert), name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }

  test('are refused, each with its code, and no key is repeated', async () => {
    const other = authority.issue('another')
    await expect(pairOf(own.cert, other.key)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(pairOf(own.key, own.key)).rejects.toMatchObject({ code: 'CERTIFICATE_MALFORMED' })
    await expect(pairOf(join('no', 'where'), own.key)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    const broken = pairOf(own.cert, file('broken.key', '-----BEGIN PRIVATE KEY-----\nSECRETWORD\n'))
    await expect(broken).rejects.toMatchObject({ code: 'KEY_MALFORMED' })
    await expect(broken).rejects.not.toThrow(/SECRETWORD/)
    const chain = file(
      'chain.pem',
      `${readFileSync(own.cert, 'utf8')}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    )
    await expect(pairOf(chain, own.key)).rejects.toMatchObject({ code: 'CERTIFICATE_MALFORMED' })
  })

  test('are refused where one of them is missing', async () => {
    const out = { program: 'test', data: () => undefined, words: () => undefined }
    await expect(tlsOf({ tlsCert: own.cert }, out)).rejects.toMatchObject({ code: 'USAGE' })
    await expect(tlsOf({ tlsKey: own.key }, out)).rejects.toMatchObject({ code: 'USAGE' })
    expect(await tlsOf({}, out)).toBeUndefined()
  })
})
