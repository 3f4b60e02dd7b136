import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { dirname, join } from 'node:path'
import { openMeter, type RunningServer } from '@vouch/host/http'
import { type Issued, type TestAuthority, testAuthority } from '@vouch/host/testing/certificates'
import { fieldToBytes, parseJson, toHex } from '@vouch/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { nodeArguments, Program } from '../../scripts/program.js'
import { needs } from '../../test/support/needs.js'
import { type AdminOptions, serveAdmin } from '../node/admin/admin-server.js'
import { rolesFrom } from '../node/admin/roles.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { type Order, printOrder } from '../node/orders.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { newRegistry, removal, testPolicy } from '../testing/enrolling.js'
import { member } from '../testing/members.js'
import { noteLines } from '../testing/notes.js'

// A registrar's operators from afar, by their certificates, and others who would be operators.

let authority: TestAuthority
let server: Issued
let clients: Readonly<Record<'viewer' | 'remover' | 'admitter' | 'nobody', Issued>>
let folder: string
let registrar: Registrar
let roles: string

beforeAll(async () => {
  folder = await newRegistry(testPolicy())
  registrar = await openRegistrar(folder, { key: registrarFolder(folder).signerKey })
  roles = join(dirname(folder), 'roles.yaml')
})
beforeEach(async (context) => {
  needs.openssl(context)
  authority ??= testAuthority()
  server ??= authority.issue('server')
  clients ??= {
    viewer: authority.issue('viewer'),
    remover: authority.issue('remover'),
    admitter: authority.issue('admitter'),
    nobody: authority.issue('nobody'),
  }
  await writeRoles({ viewer: 'view', remover: 'remove', admitter: 'admit' })
})
afterAll(async () => {
  await registrar.close()
  await rm(dirname(folder), { recursive: true, force: true })
})

const fingerprintOf = ({ cert }: Issued): string =>
  new X509Certificate(readFileSync(cert)).fingerprint256.replaceAll(':', '').toLowerCase()

function writeRoles(given: Partial<Record<keyof typeof clients, string>>): Promise<void> {
  const lines = Object.entries(given).map(
    ([name, role]) =>
      `  - { certificate: "${fingerprintOf(clients[name as keyof typeof clients])}", name: ${name}, roles: [${role}] }`,
  )
  return writeFile(roles, `version: 1\nclients:\n${lines.join('\n')}\n`)
}

const words: string[] = []
const out = { program: 'registrar', data: () => undefined, words: (text: string) => void words.push(text) }

async function serve(change: Partial<AdminOptions> = {}): Promise<RunningServer> {
  const tls = { tlsCert: server.cert, tlsKey: server.key, tlsClientCa: authority.root }
  const options = { adminListen: '127.0.0.1:0', roles, ...tls, ...change }
  const running = await serveAdmin(out, registrar, { meter: await openMeter() }, options)
  if (running === undefined) throw new Error('an address was named')
  onTestFinished(() => running.close(0))
  return running
}

interface Heard {
  readonly status: number | undefined
  readonly text: string
}

function ask(at: RunningServer, path: string, client?: Issued, order?: Order): Promise<Heard> {
  const shown = client && { cert: readFileSync(client.cert), key: readFileSync(client.key) }
  const method = order === undefined ? 'GET' : 'POST'
  const options = { ...shown, ca: authority.rootPem, agent: false, method } as const
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sending = request(`${at.url}${path}`, { ...options, headers }, async (response) => {
      let text = ''
      for await (const part of response) text += String(part)
      resolve({ status: response.statusCode, text })
    })
    sending.on('error', reject).end(order && printOrder(order))
  })
}

const ban = (n: string): Order => ({
  version: 1,
  action: 'ban',
  subject: new Uint8Array(32).fill(Number.parseInt(n, 16)),
  reason: new TextEncoder().encode('for the test'),
})
const jsonOf = (value: object) => parseJson(JSON.stringify(value))
const REFUSED = { status: 403, text: expect.stringContaining('"ROLE_NOT_ACCEPTED"') }

describe('an operator from afar', () => {
  test('removes with the role remove, and the private log says who it was', async () => {
    const at = await serve()
    await registrar.registry.admit(member(7))
    const { credential } = member(7)
    const done = await ask(at, '/orders', clients.remover, removal(credential, 'for the test'))
    expect([done.status, JSON.parse(done.text)]).toMatchObject([200, { removed: 1, is_noted: true }])
    expect((await registrar.registry.find(credential))?.removed).toBe(true)
    const log = await noteLines(registrar.registry, 'decision')
    expect(JSON.parse(log.at(-1) ?? '')).toMatchObject({
      outcome: 'removed',
      from: `remover, certificate ${fingerprintOf(clients.remover)}`,
      credential: toHex(fieldToBytes(credential)),
    })
  })

  test.each([
    ['viewer', '/status', undefined, 200],
    ['viewer', '/metrics', undefined, 200],
    ['viewer', '/orders', 'ban', 403],
    ['viewer', '/orders', 'readmit', 403],
    ['remover', '/status', undefined, 403],
    ['remover', '/metrics', undefined, 403],
    ['remover', '/orders', 'ban', 200],
    ['remover', '/orders', 'readmit', 403],
    ['admitter', '/status', undefined, 403],
    ['admitter', '/orders', 'ban', 403],
    ['admitter', '/orders', 'readmit', 200],
    ['nobody', '/status', undefined, 403],
    ['nobody', '/metrics', undefined, 403],
    ['nobody', '/orders', 'ban', 403],
  ] as const)('who is %s asks for %s %s, and is answered %i', async (name, path, action, status) => {
    const at = await serve()
    const machine = ban('4')
    if (action === 'readmit') await registrar.carryOut(machine)
    const order = action === undefined ? undefined : { ...machine, action }
    const heard = await ask(at, path, clients[name], order)
    expect(heard.status).toBe(status)
    const { failures = [] } = JSON.parse(path === '/metrics' && status === 200 ? '{}' : heard.text) as {
      failures?: { code: string }[]
    }
    expect(failures.map(({ code }) => code)).toEqual(status === 403 ? ['ROLE_NOT_ACCEPTED'] : [])
  })

  test('loses a role with the next request after the file was changed, and has none when it cannot be read', async () => {
    const at = await serve()
    expect((await ask(at, '/status', clients.viewer)).status).toBe(200)
    await writeRoles({ remover: 'remove' })
    expect(await ask(at, '/status', clients.viewer)).toEqual(REFUSED)
    await writeFile(roles, 'version: 1\nclients: [')
    const broken = await ask(at, '/orders', clients.remover, ban('5'))
    expect(broken.status).toBe(400)
    expect(broken.text).toContain('YAML_MALFORMED')
    expect(await registrar.registry.isRefused(ban('5').subject)).toBe(false)
  })
})

describe('a stranger', () => {
  test('without a certificate, or with one of another authority, does not come in', async () => {
    const at = await serve()
    await expect(ask(at, '/status')).rejects.toThrow()
    const other = testAuthority().issue('viewer')
    await writeFile(
      roles,
      (await readFile(roles, 'utf8')).replace(fingerprintOf(clients.viewer), fingerprintOf(other)),
    )
    await expect(ask(at, '/status', other)).rejects.toThrow()
  })
})

describe('administration', () => {
  test('is nowhere unless it is asked for, and never without all that it needs', async () => {
    const meter = { meter: undefined }
    expect(await serveAdmin(out, registrar, meter, { tlsCert: 'a', tlsKey: 'b' })).toBeUndefined()
    for (const missing of ['adminListen', 'tlsClientCa', 'roles', 'tlsCert', 'tlsKey'] as const)
      await expect(serve({ [missing]: undefined })).rejects.toMatchObject({ code: 'USAGE' })
    await writeFile(roles, 'version: 1\nclients: []\n')
    await expect(serve()).rejects.toMatchObject({ code: 'TOO_LARGE' })
  })

  test.each([
    ['a role that there is not', { roles: ['sign'] }],
    ['no role', { roles: [] }],
    ['a certificate that is none', { certificate: 'ab' }],
    ['a member that there is not', { admin: true }],
  ])('takes no file with %s', (_, change) => {
    const client = { certificate: 'ab'.repeat(32), name: 'a', roles: ['view'], ...change }
    expect(() => rolesFrom(jsonOf({ version: 1, clients: [client] }))).toThrow()
  })

  test('takes no file that lists a certificate twice', () => {
    const client = (name: string) => ({ certificate: 'ab'.repeat(32), name, roles: ['view'] })
    expect(() => rolesFrom(jsonOf({ version: 1, clients: [client('a'), client('b')] }))).toThrow(
      expect.objectContaining({ code: 'VALUE_MALFORMED' }),
    )
  })
})

test('registrar remove gives its order to an https address', async () => {
  const at = await serve()
  const SOURCE = new URL('../../cli/node/registrar/registrar.ts', import.meta.url).pathname
  const removed = async (client: Issued, place = at.url, believes = true) => {
    const shown = ['--tls-cert', client.cert, '--tls-key', client.key]
    const order = ['remove', place, '--machine', '66'.repeat(32), '--reason', 'a test', ...shown]
    const env: Record<string, string> = believes ? { NODE_EXTRA_CA_CERTS: authority.root } : {}
    const program = new Program([...nodeArguments(SOURCE), ...order], { env })
    return { exit: await program.ended(), said: program.stdout + program.stderr }
  }
  expect(await removed(clients.viewer)).toMatchObject({
    exit: 3,
    said: expect.stringContaining('[ROLE_NOT_ACCEPTED]'),
  })
  expect(await removed(clients.remover, at.url, false)).toMatchObject({
    exit: 4,
    said: expect.stringContaining('[REGISTRY_UNREACHABLE]'),
  })
  expect(await registrar.registry.isRefused(new Uint8Array(32).fill(0x66))).toBe(false)
  expect(await removed(clients.remover)).toMatchObject({
    exit: 0,
    said: expect.stringContaining('removed 0 leaves'),
  })
  expect(await registrar.registry.isRefused(new Uint8Array(32).fill(0x66))).toBe(true)
})
