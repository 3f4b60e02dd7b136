import { mkdir, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { announcing, keyJson, keyOf, writeConfiguration } from '@vouch/agent/testing/agents'
import { startTestChain } from '@vouch/chain/testing/chains'
import { printAdmissionPolicy } from '@vouch/evidence'
import { type TestAuthority, testAuthority } from '@vouch/host/testing/certificates'
import { newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { scratch } from '@vouch/registry/testing/registries'
import { afterAll, beforeEach, expect, onTestFinished, test } from 'vitest'
import { installedCommands, installedFile } from '../fixtures/story/commands.js'
import { Program } from '../scripts/program.js'
import { needs } from './support/needs.js'

// The four servers in TLS, as operators start them, and the commands that are their clients.

const commands = installedCommands()
afterAll(() => commands.stopAll())

let authority: TestAuthority
let tls: readonly string[]
beforeEach((context) => {
  needs.openssl(context)
  authority ??= testAuthority()
  const { cert, key } = authority.issue('server')
  tls = ['--tls-cert', cert, '--tls-key', key]
})

const serving = async (...words: Parameters<typeof commands.start>): Promise<string> => {
  const told = JSON.parse(await commands.start(...words).firstLine()) as {
    url?: string
    endpoints?: string[]
  }
  return told.url ?? told.endpoints?.find((endpoint) => endpoint.startsWith('http'))?.replace(/\/$/, '') ?? ''
}

const registrar = async (): Promise<string> =>
  serving('registrar', 'serve', await newRegistry(testPolicy()), '--port', '0', '--json', ...tls)

const statusOf = (url: string): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    request(url, { ca: authority.rootPem }, (response) => resolve(response.resume().statusCode))
      .on('error', reject)
      .end()
  })

/** What a command says that believes the test's root, or does not. */
async function told(believes: boolean, command: 'registrar' | 'alice', ...words: readonly string[]) {
  const env: Record<string, string> = believes ? { NODE_EXTRA_CA_CERTS: authority.root } : {}
  const program = new Program([process.execPath, installedFile(command), ...words], { env })
  return { exit: await program.ended(), said: program.stdout + program.stderr }
}

test('a registrar is https, and its mirrors are when they believe its root', async () => {
  const url = await registrar()
  expect(url).toMatch(/^https:/)
  expect(await statusOf(`${url}/health`)).toBe(200)
  const copy = (): readonly string[] => ['sync', url, '--to', join(scratch(), 'copy')]
  expect(await told(true, 'registrar', ...copy())).toMatchObject({ exit: 0 })
  expect(await told(false, 'registrar', ...copy())).toMatchObject({
    exit: 4,
    said: expect.stringContaining('[REGISTRY_UNREACHABLE]'),
  })
})

test('an agent is https, and Alice asks it and the registrar when she believes their root', async () => {
  const folder = scratch()
  await mkdir(folder, { recursive: true })
  const { socket: _, user: __, ...stated } = announcing(folder, 'echo', { public_key: keyJson(keyOf(1)) })
  const config = await writeConfiguration(folder, [], { services: [stated] })
  const agent = await serving('tee-agent', 'serve', '--config', config, '--port', '0', '--json', ...tls)
  expect(await statusOf(`${agent}/health`)).toBe(200)
  const enroll = ['enroll', '--agent', agent, '--registrar', await registrar(), '--name', 'mine']
  const home = ['--home', join(scratch(), 'alice')]
  const trusting = await told(true, 'alice', ...home, ...enroll)
  expect(trusting.said).not.toMatch(/UNREACHABLE/)
  expect((await told(false, 'alice', ...home, ...enroll)).said).toContain('UNREACHABLE]')
})

test('a service is https', async () => {
  const folder = scratch()
  await mkdir(folder, { recursive: true })
  const echo = ['--profile', 'sha256', '--key', join(folder, 'key'), '--key-anywhere']
  const url = await serving('vouch-echo', ...echo, '--http', '127.0.0.1:0', ...tls)
  expect(url).toMatch(/^https:/)
  expect(await statusOf(`${url}/ready`)).toBe(200)
  const onTcp = await commands.call('vouch-echo', ...echo, '--tcp', '127.0.0.1:0', ...tls)
  expect(onTcp).toMatchObject({
    exit: 1,
    stderr: expect.stringContaining('--tls-cert is given without --http'),
  })
})

test('a trust node is https, and signs for peers at an address that wants certificates', async () => {
  const chain = await startTestChain()
  onTestFinished(async () => void (await chain.stop()))
  const [folder, file, key] = [join(scratch(), 'node'), join(scratch(), 'policy'), join(scratch(), 'key')]
  await writeFile(file, printAdmissionPolicy(testPolicy()))
  await writeFile(key, chain.anvil.keys[1] ?? '', { mode: 0o600 })
  const where = ['--rpc', chain.anvil.url, '--contract', chain.deployed.registry]
  await commands.mustCall('registrar', 'init', folder, '--policy', file, ...where)
  const peers = ['--peers-listen', '127.0.0.1:0', '--tls-client-ca', authority.root]
  const words = ['node', 'serve', folder, ...where, '--key', key, '--port', '0', '--json', ...tls, ...peers]
  const node = commands.start('registrar', ...words)
  const { url } = JSON.parse(await node.firstLine()) as { url: string }
  expect(await statusOf(`${url}/ready`)).toBe(200)
  expect(await statusOf(`${url}/admissions`)).toBe(404)
  const [, forPeers = ''] = /signs for peers at (https:[^"]+)"/.exec(node.stderr) ?? []
  await expect(statusOf(`${forPeers}/admissions`)).rejects.toThrow(/certificate required/)
})
