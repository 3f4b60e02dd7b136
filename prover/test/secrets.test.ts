import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { concat, fieldToBytes, fromInteger, printBundle, toInteger } from '@vouch/protocol'
import { credentialOf, enroll, memoryLedger, vouchedFetch } from '@vouch/prover'
import { openMirror, openSource } from '@vouch/registry/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exchangeLine } from '../node/index.js'
import { nowSeconds } from './support/guest.js'
import { openWorld, type World } from './support/world.js'

let world: World
beforeAll(async () => {
  world = await openWorld()
  await world.crowd(20)
})
afterAll(() => world.close())

const RUN = 16

/** A text to look in, and bytes: whatever is spelled in one is raw in the other. */
interface Haystack {
  readonly text: string
  readonly raw: Buffer
}

/** Every spelling of 16 bytes that a text could hold: base64 has three, by where in a group of three they begin. */
function spellings(run: Uint8Array): readonly string[] {
  const groups = [0, 1, 2].map((shift) => {
    const spelled = Buffer.concat([Buffer.alloc(shift), run])
      .toString('base64')
      .replace(/=+$/, '')
    // What shares a letter with a neighbour is unknown: only whole letters of the run itself are looked for.
    return spelled.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + run.length) * 8) / 6))
  })
  const url = groups.map((group) => group.replaceAll('+', '-').replaceAll('/', '_'))
  const hex = Buffer.from(run).toString('hex')
  return [hex, hex.toUpperCase(), ...groups, ...url, toInteger(run).toString()]
}

/**
 * Where a run of 16 bytes of a secret stands in the haystack, in either order. A run that is half zeros is a small number: it
 * tells nobody from anybody, and stands everywhere.
 */
function leaks(secret: Uint8Array, { text, raw }: Haystack): readonly string[] {
  const found: string[] = []
  for (let at = 0; at + RUN <= secret.length; at++) {
    const run = secret.slice(at, at + RUN)
    if (run.filter((byte) => byte !== 0).length < RUN / 2) continue
    for (const bytes of [run, run.slice().reverse()]) {
      if (raw.includes(Buffer.from(bytes))) found.push(`raw at ${at}`)
      found.push(...spellings(bytes).filter((spelling) => text.includes(spelling)))
    }
  }
  return found
}

test('no run of 16 bytes of report, certificates, keys, drv, smt_root or signature stands in a bundle', async () => {
  const { guest, registrarUrl, backend } = world
  const random = (size: number) => new Uint8Array(randomBytes(size))
  const network = { fetch, exchangeLine }
  const source = await openSource(registrarUrl)
  const mirror = await openMirror(join(world.folder, 'mirror'))
  const doing = { network, backend, now: nowSeconds, random }
  const parties = { agent: guest.url, registrar: registrarUrl, source, mirrorOf: async () => mirror }
  const credential = await enroll({ ...parties, keepDraft: async () => undefined }, doing)
  await world.registrar.registry.cutHead()
  const asking = { ...doing, credential, source, mirror, ledger: memoryLedger(), message: new Uint8Array() }
  const { bundle } = await vouchedFetch(world.ask(), { ...asking, service: 'oracle' })

  const { circuit, envelope, nullifier, proof, request } = bundle
  const raw = Buffer.from(concat(circuit, fieldToBytes(request), envelope, fromInteger(nullifier, 32), proof))
  const haystack = { text: printBundle(bundle), raw }
  const secrets: Readonly<Record<string, readonly Uint8Array[]>> = {
    'report and certificates': guest.evidence,
    signature: guest.signatures,
    keys: guest.guest.services.flatMap(({ publicKey }) => [publicKey.x, publicKey.y]),
    drv: guest.guest.services.map(({ drv }) => drv),
    smt_root: [fieldToBytes(guest.guest.smtRoot)],
    image: [guest.guest.osImageHash],
    holder: [fieldToBytes(credential.holderSecret), fieldToBytes(credentialOf(credential))],
    policy: [fieldToBytes(credential.policyId)],
  }
  expect(guest.evidence.length).toBeGreaterThanOrEqual(5)
  expect(guest.signatures).toHaveLength(1)
  for (const [what, values] of Object.entries(secrets)) {
    for (const value of values) expect(leaks(value, haystack), what).toEqual([])
  }
})

test('the search finds a run wherever and however it is spelled', () => {
  const secret = Uint8Array.from({ length: 40 }, (_, i) => 7 * i + 3)
  const run = secret.slice(11, 11 + RUN)
  const forwards = [run, run.slice().reverse()]
  const inText = (text: string): Haystack => ({ text, raw: Buffer.alloc(0) })
  for (const bytes of forwards) {
    for (const before of [0, 1, 2, 3]) {
      const padded = Buffer.concat([Buffer.alloc(before, 0xa5), bytes, Buffer.alloc(3, 0x5a)])
      for (const spelling of ['hex', 'base64', 'base64url'] as const)
        expect(leaks(secret, inText(`"${padded.toString(spelling)}"`)).length).toBeGreaterThan(0)
      expect(leaks(secret, { text: '', raw: padded }).length).toBeGreaterThan(0)
    }
    expect(leaks(secret, inText(`:${toInteger(bytes)},`)).length).toBeGreaterThan(0)
  }
  expect(leaks(secret, inText('nothing of the kind'))).toEqual([])
})
