import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, isHeadSigned, parseHead } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { openSigner } from '../node/keys/open-signer.js'
import { installPeer, removePeer } from './support/pkcs11-peer.js'
import type { TokenScene } from './support/token-scene.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-pkcs11-'))
  await removePeer()
})
afterAll(async () => {
  await removePeer()
  await rm(folder, { recursive: true, force: true })
})

describe('the URI of a key in a token', () => {
  const query = 'module-path=/m.so&pin-source=file:/pin'
  test.each([
    'pkcs11:',
    'pkcs11:token=t;object=o',
    `pkcs11:token=t?${query}`,
    `pkcs11:object=o?${query}`,
    `pkcs11:token=;object=o?${query}`,
    `pkcs11:token=t;token=u;object=o?${query}`,
    `pkcs11:token=t;object=o;colour=blue?${query}`,
    `pkcs11:token=t;object=o;type=public?${query}`,
    `pkcs11:token=t;object=o;id?${query}`,
    `pkcs11:token=%zz;object=o?${query}`,
    `pkcs11:token=t;object=o?${query}?${query}`,
    'pkcs11:token=t;object=o?pin-source=file:/pin',
    'pkcs11:token=t;object=o?module-path=/m.so',
    'pkcs11:token=t;object=o?module-path=m.so&pin-source=file:/pin',
    'pkcs11:token=t;object=o?module-path=/m.so&pin-source=file:pin',
    'pkcs11:token=t;object=o?module-path=/m.so&pin-source=/pin',
    'pkcs11:token=t;object=o?module-path=/m.so&pin-source=|cat /pin',
    'pkcs11:token=t;object=o?module-path=/m.so&pin-value=493817',
  ])('is refused: %s', async (uri) => {
    const refusal = await openSigner(uri).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'USAGE' })
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain('493817')
  })

  test('leads to a file for its owner alone', async () => {
    const pin = join(folder, 'pin')
    await writeFile(pin, '1', { mode: 0o600 })
    await chmod(pin, 0o640)
    const opening = openSigner(`pkcs11:token=t;object=o?module-path=/m.so&pin-source=file:${pin}`)
    await expect(opening).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
  })
})

/** Runs a module of the tests in a process of its own, which finds packages as Node does, and gives what it prints. */
async function inProcess(path: string, ...args: readonly string[]): Promise<unknown> {
  const module = fileURLToPath(new URL(path, import.meta.url))
  const node = ['--conditions=vouch:source', '--import', 'tsx', module, ...args]
  return JSON.parse((await promisify(execFile)(process.execPath, node)).stdout)
}

// One test: the binding is compiled once, and what a machine lacks for it is one reason to skip.
test('a key in a token signs; without its binding, the error says what to install', async (context) => {
  needs.softhsm2(context)
  needs.registry(context)
  const without = (await inProcess('./support/token-scene.ts', folder)) as TokenScene
  expect(without.opened).toMatchObject({
    code: 'SIGNER_UNAVAILABLE',
    hint: expect.stringContaining('npm install pkcs11js@'),
  })

  await installPeer(folder)
  const scene = (await inProcess('./support/token-scene.ts', folder)) as TokenScene
  expect(scene.opened).toMatchObject({ publicKey: expect.stringMatching(/^0[23][0-9a-f]{64}$/) })

  // Some signatures of a token have high s: of this many, one at least.
  expect(scene.heads.length).toBe(16)
  for (const head of scene.heads) expect(isHeadSigned(parseHead(head))).toBe(true)
  for (const { publicKey, digest, signature } of scene.signatures) {
    const [signed, message] = [fromHex(signature), fromHex(digest)]
    expect(secp256k1.verify(signed, message, fromHex(publicKey), { prehash: false })).toBe(true)
  }
  expect(scene.signatures.map(({ step }) => step)).toEqual([
    'at one time',
    'at one time',
    'when another has closed',
    'in a new session',
  ])

  const rules = Object.entries(scene.refusals).map(([step, { code, rule }]) => [step, code, rule])
  expect(rules).toEqual(
    [
      ['the session ended', /did not sign/],
      ['another token', /must be a token "another", and one alone/],
      ['another serial', /must be a token .*, and one alone/],
      ['no key', /must be a key "missing", and one alone/],
      ['two keys', /must be a key "twice", and one alone/],
      ['another curve', /curve secp256k1/],
      ['no module', /module .* did not load/],
      ['a wrong PIN', /did not take the PIN/],
      ['a PIN that was changed', /did not take the PIN/],
      ['a PIN that is right again: a signer asks once', /did not take the PIN/],
    ].map(([step, rule]) => [step, 'SIGNER_UNAVAILABLE', expect.stringMatching(rule ?? '')]),
  )
  expect(JSON.stringify(scene.refusals)).not.toMatch(/493817|735150|271828/)
})
