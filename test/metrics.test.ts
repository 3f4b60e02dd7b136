import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeConfiguration } from '@vouch/agent/testing/agents'
import { askFor } from '@vouch/agent/testing/services'
import { noAddress, startTestChain } from '@vouch/chain/testing/chains'
import { openBackend } from '@vouch/circuits/node'
import { printAdmissionPolicy } from '@vouch/evidence'
import { type MetricFamily, parseExposition, seriesSum } from '@vouch/host/testing/exposition'
import {
  fieldToBytes,
  parseTicket,
  printAsk,
  printAttestationRequest,
  printEnrollment,
  printNonceRequest,
  toHex,
} from '@vouch/protocol'
import { newClient, newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { scratch } from '@vouch/registry/testing/registries'
import { afterAll, expect, onTestFinished, test } from 'vitest'
import { installedCommands } from '../fixtures/story/commands.js'
import type { Program } from '../scripts/program.js'
import { DECLARED, metricsIn } from './support/declared-metrics.js'

// The four servers as operators start them, and what a scraper reads of each.

const commands = installedCommands()
afterAll(() => commands.stopAll())

const LISTEN = ['--metrics-listen', '127.0.0.1:0']
const SERVE = ['--port', '0', ...LISTEN, '--json']

interface Told {
  readonly url?: string
  readonly endpoints?: readonly string[]
  readonly metrics: string
}

const told = async (program: Program): Promise<Told> => JSON.parse(await program.firstLine()) as Told

const post = (url: string, body: string) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })

const countOf = (seen: Scraped, name: string, labels: Record<string, string> = {}): number =>
  seriesSum(seen.families, name, labels)

interface Scraped {
  readonly text: string
  readonly families: ReadonlyMap<string, MetricFamily>
}

async function scrape(metrics: string): Promise<Scraped> {
  const text = await (await fetch(metrics)).text()
  return { text, families: parseExposition(text) }
}

/** Has all that is declared and nothing else; and neither a name nor a value says who or which. */
function expectDeclared(
  { text, families }: Scraped,
  program: keyof typeof DECLARED,
  secrets: string[],
): void {
  const own = [...families.keys()].filter((name) => name.startsWith('vouch_'))
  expect(own.sort()).toEqual(
    metricsIn(DECLARED[program])
      .map(({ name }) => name)
      .sort(),
  )
  for (const secret of ['127.0.0.1', 'localhost', ...secrets]) expect(text).not.toContain(secret)
  const labels = [...families.values()].flatMap(({ series }) => series.map((one) => one.labels))
  expect(JSON.stringify(labels)).not.toMatch(/[0-9a-f]{16}|[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+/i)
}

test('a registrar counts nonces, admissions and refusals, times their steps, and shows its head', async () => {
  const policy = testPolicy()
  const folder = await newRegistry(policy)
  const backend = openBackend({ kind: 'native' })
  onTestFinished(() => backend.destroy())
  const { url = '', metrics } = await told(commands.start('registrar', 'serve', folder, ...SERVE))

  const client = newClient(backend, policy)
  const ask = printNonceRequest({ version: 1, credential: client.credential })
  const ticket = parseTicket(await (await post(`${url}/nonce`, ask)).text())
  const enrollment = printEnrollment(await client.enroll(ticket))
  expect((await post(`${url}/enroll`, enrollment)).status).toBe(201)
  expect((await post(`${url}/enroll`, enrollment)).status).toBe(403)

  const seen = await scrape(metrics)
  expect(countOf(seen, 'vouch_nonces_total')).toBe(1)
  expect(countOf(seen, 'vouch_admissions_total')).toBe(1)
  expect(countOf(seen, 'vouch_enrollment_refusals_total', { code: 'NONCE_USED' })).toBe(1)
  expect(countOf(seen, 'vouch_enrollment_refusals_total')).toBe(1)
  expect(countOf(seen, 'vouch_refusals_total', { code: 'NONCE_USED' })).toBe(1)
  const times = ['nonce', 'evidence', 'proof', 'record'].map((step) =>
    countOf(seen, 'vouch_admission_step_seconds_count', { step }),
  )
  expect(times).toEqual([2, 1, 1, 1])
  const head = (await (await fetch(`${url}/head.json`)).json()) as { time: number; seq: number; size: number }
  expect(countOf(seen, 'vouch_head_timestamp_seconds')).toBe(Number(head.time))
  expect(countOf(seen, 'vouch_head_sequence')).toBe(head.seq)
  expect(countOf(seen, 'vouch_leaves')).toBe(head.size)
  expect(countOf(seen, 'vouch_ready')).toBe(1)
  expectDeclared(seen, 'registrar', [toHex(fieldToBytes(client.credential)).slice(0, 12), policy.name])
})

test('a trust node counts the same', async () => {
  const chain = await startTestChain()
  onTestFinished(async () => void (await chain.stop()))
  const [folder, file, key] = ['node', 'policy.json', 'node.key'].map((name) => join(scratch(), name))
  await writeFile(file ?? '', printAdmissionPolicy(testPolicy()))
  await writeFile(key ?? '', chain.anvil.keys[1] ?? '', { mode: 0o600 })
  const where = ['--rpc', chain.anvil.url, '--contract', chain.deployed.registry]
  await commands.mustCall('registrar', 'init', folder ?? '', '--policy', file ?? '', ...where)
  const words = ['node', 'serve', folder ?? '', ...where, '--key', key ?? '', ...SERVE]
  const { url = '', metrics } = await told(commands.start('registrar', ...words))
  const credential = 0x1234n
  await post(`${url}/nonce`, printNonceRequest({ version: 1, credential }))
  expect((await post(`${url}/enroll`, '{')).status).toBe(400)

  const seen = await scrape(metrics)
  expect(countOf(seen, 'vouch_nonces_total')).toBe(1)
  expect(countOf(seen, 'vouch_enrollment_refusals_total', { code: 'JSON_MALFORMED' })).toBe(1)
  expect(countOf(seen, 'vouch_ready')).toBe(1)
  const account = chain.nodes[0]?.address ?? noAddress
  expectDeclared(seen, 'trust node', [account.slice(0, 12), chain.deployed.registry.slice(0, 12)])
})

test('an agent counts attestations by the kind of hardware, and knows whom it waits for', async () => {
  const folder = scratch()
  await mkdir(folder, { recursive: true })
  const config = await writeConfiguration(folder, ['echo'])
  const agent = commands.start('tee-agent', 'serve', '--config', config, ...SERVE)
  const { url = '', metrics } = await told(agent)
  const nonce = new Uint8Array(32).fill(0xab)
  const ask = () => post(`${url}/attestation`, printAttestationRequest({ version: 1, nonce }))
  expect((await ask()).status).toBe(503)
  const before = await scrape(metrics)
  expect([countOf(before, 'vouch_services_awaited'), countOf(before, 'vouch_ready')]).toEqual([1, 0])

  const [key, socket] = [join(folder, 'echo', 'key'), join(folder, 'echo', 'announce.sock')]
  const echo = ['--profile', 'sha256', '--key', key, '--key-anywhere', '--announce', socket]
  const service = await told(commands.start('vouch-echo', ...echo, '--http', '127.0.0.1:0', ...LISTEN))
  expect((await ask()).status).toBe(200)
  const seen = await scrape(metrics)
  const attested = (outcome: string) =>
    countOf(seen, 'vouch_attestations_total', { provider: 'simulated', outcome })
  expect([attested('attested'), attested('SERVICES_AWAITED')]).toEqual([1, 1])
  expect(countOf(seen, 'vouch_attestation_seconds_count', { provider: 'simulated' })).toBe(2)
  expect(countOf(seen, 'vouch_announcements_total', { outcome: 'accepted' })).toBe(1)
  expect([countOf(seen, 'vouch_services_awaited'), countOf(seen, 'vouch_ready')]).toEqual([0, 1])
  expectDeclared(seen, 'agent', ['abababab', 'echo'])
  expect((await scrape(service.metrics)).families.size).toBeGreaterThan(10)
})

test('a service counts and times its answers by the way that asks came', async () => {
  const folder = scratch()
  await mkdir(folder, { recursive: true })
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const echo = ['--profile', 'sha256', '--key', join(folder, 'key'), '--key-anywhere']
  const places = ['--tcp', '127.0.0.1:0', '--http', '127.0.0.1:0', ...LISTEN]
  const { endpoints = [], metrics } = await told(commands.start('vouch-echo', ...echo, ...places))
  const url = endpoints.find((endpoint) => endpoint.startsWith('http')) ?? ''
  expect((await post(url, printAsk(askFor('a message of one client')))).status).toBe(200)
  expect((await post(url, '{')).status).toBe(400)
  expect((await fetch(`${url}ready`)).status).toBe(200)

  const seen = await scrape(metrics)
  const asks = (outcome: string) => countOf(seen, 'vouch_asks_total', { wire: 'http', outcome })
  expect([asks('answered'), asks('JSON_MALFORMED')]).toEqual([1, 1])
  expect(countOf(seen, 'vouch_answer_seconds_count', { wire: 'http' })).toBe(1)
  expect(countOf(seen, 'vouch_asks_total', { wire: 'tcp' })).toBe(0)
  expect(countOf(seen, 'vouch_ready')).toBe(1)
  expectDeclared(seen, 'service', ['c1c1c1c1', 'message of'])
})
