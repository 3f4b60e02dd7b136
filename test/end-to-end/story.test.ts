import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Credential, fieldToBytes, fromHex, parseAnswer, parseBundle, toHex } from '@vouch/protocol'
import { credentialOf } from '@vouch/prover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { haystackOf, leaks } from '../support/leaks.js'
import {
  between,
  credentialIn,
  endpointOf,
  homeWith,
  type Live,
  proveWords,
  startLive,
} from '../support/live.js'
import { shop } from '../support/proven.js'

// The whole story between processes, and all that Alice said to anybody on the way.

let live: Live
let home: string
let credential: Credential
let said: { readonly agent: Buffer; readonly registrar: Buffer }
const path = (name: string): string => join(live.folder, name)

beforeAll(async () => {
  live = await startLive()
  home = path('alice')
  const { commands, registry, south, north } = live
  const [toAgent, toRegistrar] = [await between(north), await between(registry.url)]
  const known = ['--registry-id', registry.id, '--signer', registry.signer]
  const enroll = (
    whose: string,
    agent: string,
    name: string,
    registrar: string,
    ...more: readonly string[]
  ) =>
    commands.ask(
      ...(['alice', '--home', whose, 'enroll', '--agent', agent, '--registrar', registrar] as const),
      ...['--name', name, ...known, ...more],
    )
  await enroll(path('another'), south, 'south', registry.url)
  await enroll(home, toAgent.url, 'north', toRegistrar.url, '--wait')
  await Promise.all([toAgent, toRegistrar].map((proxy) => proxy.close()))
  said = { agent: whole(toAgent.said.client), registrar: whole(toRegistrar.said.client) }
  evidence = evidenceIn(whole(toRegistrar.said.client))
  credential = await credentialIn(home, 'north')
}, 300_000)
afterAll(() => live.close())

let evidence: readonly Uint8Array[]
const whole = (parts: readonly Buffer[]): Buffer => Buffer.concat(parts)
const answers: Buffer[] = []

/** The evidence in an enrollment, as it went over the wire. */
function evidenceIn(wire: Buffer): readonly Uint8Array[] {
  const [, list = ''] = /"evidence":\[([^\]]*)\]/.exec(wire.toString('latin1')) ?? []
  return [...list.matchAll(/"([0-9a-f]+)"/g)].map(([, hex = '']) => fromHex(hex))
}

/** The signature in an answer, as it went over the wire. */
function signatureIn(wire: Buffer): Uint8Array {
  const [json = ''] = /\{.*\}/.exec(wire.toString('latin1')) ?? []
  return parseAnswer(json).signature
}

/** What names the machine, the service or Alice. */
function secrets(): Readonly<Record<string, readonly Uint8Array[]>> {
  const { guest, holderSecret, policyId } = credential
  return {
    'report and certificates': evidence,
    signatures: answers.map(signatureIn),
    keys: guest.services.flatMap(({ publicKey }) => [publicKey.x, publicKey.y]),
    drv: guest.services.map(({ drv }) => drv),
    smt_root: [fieldToBytes(guest.smtRoot)],
    image: [guest.osImageHash],
    holder: [fieldToBytes(holderSecret), fieldToBytes(credentialOf(credential))],
    policy: [fieldToBytes(policyId)],
  }
}

describe.each([
  ['echo', 'tcp'],
  ['oracle', 'http'],
] as const)('what %s says over %s', (service, wire) => {
  let bundle: string
  let judging: readonly string[]

  test('is proven by Alice, and accepted by Bob', async () => {
    const { commands, registry, accept } = live
    const endpoint = await endpointOf(home, service)
    expect(endpoint).toMatch(new RegExp(`^${wire}://`))
    const proxy = await between(endpoint)
    const own = await homeWith(home, path(`alice-${service}`), service, proxy.url)
    const request = path(`${service}-request.json`)
    bundle = path(`${service}-bundle.json`)
    judging = ['--accept', accept, '--registry', registry.url]
    const asked = await commands.call('bob', 'request', ...judging, '--verifier', shop, '--out', request)
    expect(asked.exit).toBe(0)
    judging = [...judging, '--request', request]
    const proven = await commands.call(
      'alice',
      ...proveWords(own, request, shop),
      ...['--service', service, '--message', 'the answer is 42', '--min-set', '1', '--out', bundle, '--json'],
    )
    await proxy.close()
    expect(proven).toMatchObject({ exit: 0 })
    answers.push(whole(proxy.said.server))
    const verdict = await commands.call('bob', 'verify', bundle, ...judging)
    expect(verdict).toMatchObject({ exit: 0, stdout: expect.stringContaining('"the answer is 42"') })
    const toService = whole(proxy.said.client)
    const ofHers = [...(secrets().holder ?? []), fieldToBytes(credential.guest.smtRoot)]
    for (const secret of ofHers)
      expect(leaks(secret, { text: toService.toString('latin1'), raw: toService })).toEqual([])
  }, 300_000)

  test('shows nothing else: no run of 16 bytes of what names machine, service or Alice', async () => {
    const haystack = haystackOf(parseBundle(await readFile(bundle)))
    expect(evidence).toHaveLength(4) // a report and three certificates
    for (const [what, values] of Object.entries(secrets())) {
      expect(values.length).toBeGreaterThan(0)
      for (const value of values) expect(leaks(value, haystack), what).toEqual([])
    }
  })

  test('is not accepted with one bit of it changed', async () => {
    const honest = JSON.parse(await readFile(bundle, 'utf8')) as { readonly envelope: string }
    const last = toHex(Uint8Array.of(Number.parseInt(honest.envelope.slice(-2), 16) ^ 1))
    await writeFile(
      path('forged.json'),
      JSON.stringify({ ...honest, envelope: honest.envelope.slice(0, -2) + last }),
    )
    const { exit, stdout } = await live.commands.call(
      'bob',
      'verify',
      path('forged.json'),
      ...judging,
      '--json',
    )
    expect(exit).toBe(2)
    expect(stdout).toContain('PROOF_FALSE')
  })
})

test('the registrar hears of evidence and credential, and of neither secret nor services; the agent of a nonce', () => {
  const { guest, holderSecret } = credential
  const hidden = [
    fieldToBytes(holderSecret),
    fieldToBytes(guest.smtRoot),
    ...guest.services.flatMap(({ drv, publicKey }) => [drv, publicKey.x, publicKey.y]),
  ]
  for (const heard of [said.agent, said.registrar]) {
    expect(heard.length).toBeGreaterThan(0)
    for (const secret of hidden)
      expect(leaks(secret, { text: heard.toString('latin1'), raw: heard })).toEqual([])
  }
  const toAgent = { text: said.agent.toString('latin1'), raw: said.agent }
  expect(leaks(fieldToBytes(credentialOf(credential)), toAgent)).toEqual([])
})
