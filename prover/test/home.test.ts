import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Credential,
  canonicalJson,
  fieldToBytes,
  type Guest,
  type LedgerEntry,
  parseCredential,
  parseDraft,
  parseJson,
  parseLedgerEntry,
  parseReading,
  printCredential,
  printDraft,
  printGuest,
  printLedgerEntry,
  printReading,
  type Reading,
  toHex,
} from '@vouch/protocol'
import { fuzz } from '@vouch/protocol/testing/fuzz'
import { mutatedFile, mutatedText } from '@vouch/protocol/testing/mutation'
import { credentialOf } from '@vouch/prover'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeStory } from '../../fixtures/story/story.js'
import { homeFolder, openHome } from '../node/index.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-home-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const [north] = makeStory(1_800_000_000).machines
const listed = { name: 'echo', profile: 'sha256', endpoint: 'http://127.0.0.1:1/' } as const
const guest: Guest = {
  version: 1,
  provider: 'simulated',
  osImageHash: north.osImageHash,
  smtRoot: 7n,
  services: [{ ...north.services.echo, ...listed }],
}
const credential: Credential = {
  version: 1,
  registry: { id: new Uint8Array(32).fill(1), signer: new Uint8Array(33).fill(2) },
  agent: 'http://127.0.0.1:1',
  holderSecret: north.holding.holderSecret,
  guest,
  policyId: 5n,
  leavesBefore: 3,
  expiresAt: 7200,
  admittedAt: 1,
}
const entry: LedgerEntry = {
  version: 1,
  scope: 9n,
  verifierId: new Uint8Array(32).fill(3),
  answer: new Uint8Array(32).fill(4),
  time: 5,
}
const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777

describe("Alice's files", () => {
  test('survive being written and read', () => {
    expect(parseCredential(printCredential(credential))).toEqual(credential)
    const registrar = 'http://127.0.0.1:2'
    expect(parseCredential(printCredential({ ...credential, registrar }))).toEqual({
      ...credential,
      registrar,
    })
    const { expiresAt: _, admittedAt: __, ...draft } = credential
    expect(parseDraft(printDraft(draft))).toEqual(draft)
    const within = { ...entry, context: new Uint8Array(32).fill(6) }
    expect([entry, within].map((one) => parseLedgerEntry(printLedgerEntry(one)))).toEqual([entry, within])
  })

  test('say of one place where a registry is read from', () => {
    const chain = { rpc: 'http://127.0.0.1:8545', contract: `0x${'11'.repeat(20)}` }
    const readings: readonly Reading[] = [
      { version: 1, mirror: 'http://127.0.0.1:1' },
      { version: 1, chain },
      { version: 1, chain: { ...chain, fromBlock: 7, confirmations: 0 } },
    ]
    for (const reading of readings) expect(parseReading(printReading(reading))).toEqual(reading)
    for (const none of [{ version: 1 }, { version: 1, mirror: 'a', chain }] as const)
      expect(() => parseReading(printReading(none))).toThrow('a mirror or from its chain')
    const samples = readings.map(printReading)
    const isCanonical = (reading: Reading, text: string): boolean =>
      printReading(reading) === canonicalJson(parseJson(text))
    fuzz(fc.oneof(mutatedText(samples), mutatedFile(samples)), parseReading, isCanonical, 5000)
  })

  test('are refused when they are of another form', () => {
    expect(() => parseCredential(printDraft({ ...credential }))).toThrow('admitted_at')
    expect(() => parseDraft('{}')).toThrow('version')
  })
})

describe("Alice's folder", () => {
  test('is where she says, or the environment, or her own', () => {
    expect(homeFolder('/named')).toBe('/named')
    expect(homeFolder()).toMatch(/\.vouch$/)
  })

  test('is hers alone, and so is all in it', async () => {
    const path = join(folder, 'new')
    const home = await openHome(path)
    const file = await home.keepCredential(credential)
    await home.keepDraft(credential)
    await home.ledger.claim(entry)
    expect(await modeOf(path)).toBe(0o700)
    for (const name of ['credentials', 'drafts', 'ledger']) {
      expect(await modeOf(join(path, name))).toBe(0o700)
      for (const one of await readdir(join(path, name)))
        expect(await modeOf(join(path, name, one))).toBe(0o600)
    }
    expect(await home.credentials()).toEqual([toHex(fieldToBytes(credentialOf(credential))).slice(0, 16)])
    expect(await home.credential(file)).toEqual(credential)
  })

  test('that others can read is not used, nor a file in it', async () => {
    const open = await mkdtemp(join(folder, 'open-'))
    await chmod(open, 0o755)
    await expect(openHome(open)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
    const home = await openHome(join(folder, 'shown'))
    const file = await home.keepCredential(credential, 'mine')
    await chmod(file, 0o640)
    await expect(home.credential('mine')).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
  })

  test('tells nothing of a secret that cannot be read', async () => {
    const home = await openHome(join(folder, 'broken'))
    const file = await home.keepCredential(credential, 'mine')
    const secret = toHex(fieldToBytes(credential.holderSecret))
    const spoiled = (await readFile(file, 'utf8')).replace(secret, secret.toUpperCase())
    await writeFile(file, spoiled)
    const error = await home.credential('mine').catch((caught: unknown) => caught)
    expect(JSON.stringify(error)).not.toContain(secret.slice(0, 8))
    expect(String(error).toLowerCase()).not.toContain(secret.slice(0, 8))
    expect(error).toMatchObject({ code: 'VALUE_MALFORMED' })
  })

  test('keeps a credential and lets go of its draft; forgets it when told', async () => {
    const home = await openHome(join(folder, 'kept'))
    await home.keepDraft(credential)
    expect(await home.draft(credentialOf(credential))).toMatchObject({
      holderSecret: credential.holderSecret,
    })
    await home.keepCredential(credential, 'mine')
    expect(await home.drafts()).toEqual([])
    await home.forgetCredential('mine')
    expect(await home.credentials()).toEqual([])
    await expect(home.forgetCredential('mine')).rejects.toMatchObject({ code: 'CREDENTIAL_UNKNOWN' })
    await expect(home.forgetCredential('../../x')).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('has all that can be read, beside files that cannot, and every guest that she knows', async () => {
    const home = await openHome(join(folder, 'all'))
    await home.keepCredential(credential, 'mine')
    await home.keepDraft({ ...credential, holderSecret: 77n })
    await writeFile(join(folder, 'all', 'credentials', 'broken.json'), '{', { mode: 0o600 })
    await writeFile(join(folder, 'all', 'drafts', 'broken.json'), '{', { mode: 0o600 })
    const secrets = (await home.all()).map(({ holderSecret }) => holderSecret)
    expect(secrets).toEqual([credential.holderSecret, 77n])
    expect(await home.guests()).toEqual([guest, guest])
    const other = { ...guest, smtRoot: 8n }
    await mkdir(join(folder, 'all', 'guests'))
    await writeFile(join(folder, 'all', 'guests', 'other.json'), printGuest(other))
    expect(await home.guests()).toEqual([guest, guest, other])
  })

  test('keeps where a registry is read from, for her alone', async () => {
    const home = await openHome(join(folder, 'readings'))
    const { id } = credential.registry
    const reading: Reading = { version: 1, mirror: 'https://mirror.example' }
    expect(await home.reading(id)).toBeUndefined()
    await home.keepReading(id, reading)
    expect(await home.reading(id)).toEqual(reading)
    expect(await modeOf(join(await home.registryFolder(id), 'reading.json'))).toBe(0o600)
  })

  test('keeps no credential in the place of another', async () => {
    const home = await openHome(join(folder, 'taken'))
    const other = { ...credential, holderSecret: 77n }
    await home.assertNameFree('mine')
    const file = await home.keepCredential(credential, 'mine')
    await expect(home.assertNameFree('mine')).rejects.toMatchObject({ code: 'USAGE', given: '"mine"' })
    await expect(home.assertNameFree('a b')).rejects.toMatchObject({ code: 'USAGE' })
    await home.keepDraft(other)
    await expect(home.keepCredential(other, 'mine')).rejects.toMatchObject({ code: 'USAGE' })
    expect(await home.credential('mine')).toEqual(credential)
    expect(await home.drafts()).toMatchObject([{ holderSecret: other.holderSecret }])
    expect(await home.keepCredential(credential, 'mine')).toBe(file) // a crash came in between, the last time
    await home.keepCredential(other, 'other')
    expect(await home.credentials()).toEqual(['mine', 'other'])
  })

  test('writes what it keeps for her alone, whatever mode the file had', async () => {
    const home = await openHome(join(folder, 'modes'))
    const file = await home.keepCredential(credential, 'mine')
    await chmod(file, 0o644)
    await home.updateCredential(credential, 'mine')
    expect(await modeOf(file)).toBe(0o600)
  })

  test('has a ledger whose entries one of many wins, and that outlives the process', async () => {
    const home = await openHome(join(folder, 'ledger'))
    const entries = Array.from({ length: 8 }, (_, i) => ({ ...entry, answer: new Uint8Array(32).fill(i) }))
    const won = await Promise.all(entries.map((one) => home.ledger.claim(one)))
    expect(new Set(won.map(({ answer }) => toHex(answer))).size).toBe(1)
    const again = await openHome(join(folder, 'ledger'))
    expect(await again.ledger.find(entry.scope)).toEqual(won[0])
    expect(await again.ledger.find(10n)).toBeUndefined()
    await again.ledger.replace({ ...entry, time: 77 })
    expect(await home.ledger.find(entry.scope)).toMatchObject({ time: 77 })
    expect(await readdir(join(folder, 'ledger', 'ledger'))).toHaveLength(1)
  })
})
