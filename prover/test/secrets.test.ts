import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fieldToBytes } from '@vouch/protocol'
import { credentialOf, enroll, memoryLedger, syncCopy, vouchedFetch } from '@vouch/prover'
import { openMirror, openSource } from '@vouch/registry/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { haystackOf, leaks } from '../../test/support/leaks.js'
import { exchangeLine } from '../node/index.js'
import { nowSeconds } from '../testing/guest.js'
import { openWorld, SHOP, type World } from '../testing/world.js'

let world: World
beforeAll(async () => {
  world = await openWorld()
  await world.crowd(20)
})
afterAll(() => world.close())

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
  await syncCopy({ source, mirror, registry: credential.registry })
  const asking = {
    ...doing,
    credential,
    verifier: SHOP,
    mirror,
    ledger: memoryLedger(),
    message: new Uint8Array(),
  }
  const { bundle } = await vouchedFetch(world.ask(), { ...asking, service: 'oracle' })

  const haystack = haystackOf(bundle)
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
