import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fieldToBytes, isHeadSigned, VouchError } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { carryOut } from '../node/orders.js'
import { readRegistry } from '../node/store/index.js'
import type { Registry } from '../src/store.js'
import { crashImage, remembering } from '../testing/crashes.js'
import { ENGINES, withServer } from '../testing/engines.js'
import { member, newFolder, now, open, SIGNER, scratch, using } from '../testing/registries.js'

const hash = remembering
const corrupt = { code: 'LOG_CORRUPT' }
const BANNED = new Uint8Array(32).fill(0xba)

/** All that an operator must not lose. */
const seenIn = async (registry: Pick<Registry, 'head' | 'members' | 'refusedMachines' | 'index'>) => ({
  head: await registry.head(),
  members: await registry.members(0, 100),
  refused: await registry.refusedMachines(),
  index: await registry.index(),
})

const steps: readonly ((registry: Registry) => Promise<unknown>)[] = [
  (registry) => registry.admit(member(0)),
  (registry) => registry.cutHead(),
  (registry) => Promise.all([1, 2].map((n) => registry.admit(member(n, { machine: BANNED })))),
  (registry) => registry.remove(member(0).credential, 'lost'),
  (registry) => registry.admit(member(3)),
  (registry) => registry.ban(BANNED, 'lost'),
  (registry) => registry.pardon(BANNED, 'a slip'),
  (registry) => registry.ban(BANNED, 'lost again'),
  (registry) => registry.cutHead({ evenIfUnchanged: true }),
]

withServer()

describe('a crash', () => {
  it('at any time loses nothing that was acknowledged', async () => {
    const folder = await newFolder()
    const registry = await open(folder, { hash })
    for (const step of steps) {
      await step(registry)
      const seen = await seenIn(registry)
      const copy = crashImage(folder)
      await using(copy, async (after) => expect(await seenIn(after)).toEqual(seen), { hash })
      await using(copy, async (after) => expect(await seenIn(after)).toEqual(seen), { hash, rebuild: true })
    }
    await registry.close()
  })

  it('in the middle of a write to the disk leaves all of the write or nothing', async () => {
    const folder = await newFolder()
    const registry = await open(folder, { hash })
    const states: unknown[] = [await seenIn(registry)]
    for (const step of steps.slice(0, 5)) {
      await step(registry)
      states.push(await seenIn(registry))
    }
    const log = readFileSync(join(folder, 'registry.db-wal'))
    const reached = new Set<number>()
    for (let cut = 0; cut <= log.length; cut += 1777) {
      const copy = crashImage(folder)
      writeFileSync(join(copy, 'registry.db-wal'), log.subarray(0, cut))
      // A head may be published that the torn log does not have: then nothing is signed.
      writeFileSync(join(copy, 'head.json'), readFileSync(join(await newFolder(), 'head.json')))
      const seen = await using(copy, seenIn, { hash }).catch((error: VouchError) => error.code)
      if (seen === 'FILE_NOT_FOUND' || seen === 'HEAD_MISSING') continue // the cut is before the registry was made
      const at = states.findIndex((state) => JSON.stringify(plain(state)) === JSON.stringify(plain(seen)))
      if (at >= 0) reached.add(at)
      else
        await using(copy, async (after) => after.cutHead({ evenIfUnchanged: true }), { hash, rebuild: true })
    }
    expect(reached.size).toBeGreaterThan(3)
    await registry.close()
  })
})

describe.each(Object.entries(ENGINES))('a head in %s', (_, engine) => {
  it('that was recorded and not signed is signed after the next start, in these very bytes', async (context) => {
    const place = await engine(context)
    const failing = {
      ...SIGNER,
      sign: () => Promise.reject(new VouchError('SIGNATURE_FALSE', { rule: 'no token' })),
    }
    await place.using(
      async (registry) => {
        await registry.admit(member(0))
        const before = await registry.head()
        await expect(registry.cutHead()).rejects.toMatchObject({ code: 'SIGNATURE_FALSE' })
        expect(await registry.head()).toEqual(before)
        expect(await registry.index()).toBeUndefined()
        await registry.admit(member(1))
        await expect(registry.cutHead()).rejects.toMatchObject({ code: 'SIGNATURE_FALSE' })
      },
      { hash, signer: failing },
    )
    const recorded = await place.rows('SELECT seq, content FROM heads WHERE signature IS NULL')
    expect(recorded).toMatchObject([{ seq: 1 }])
    await place.using(
      async (registry) => {
        const head = await registry.head()
        expect(head).toMatchObject({ seq: 1, size: 1 })
        expect(isHeadSigned(head)).toBe(true)
        expect(await registry.cutHead()).toMatchObject({ seq: 2, size: 2, previousRoot: head.root })
      },
      { hash },
    )
    expect(await place.rows('SELECT seq, content FROM heads WHERE seq = 1')).toEqual(recorded)
  })

  it('of a removal that could not be signed is said to be recorded, and is signed with the next order', async (context) => {
    const place = await engine(context)
    let fails = false
    const moody = {
      ...SIGNER,
      sign: (digest: Uint8Array) =>
        fails
          ? Promise.reject(new VouchError('SIGNER_UNAVAILABLE', { rule: 'no token' }))
          : SIGNER.sign(digest),
    }
    await place.using(
      async (registry) => {
        await registry.admit(member(0))
        await registry.cutHead()
        fails = true
        await expect(registry.remove(member(0).credential, 'lost')).rejects.toMatchObject({
          code: 'SIGNER_UNAVAILABLE',
          rule: expect.stringContaining('the removal is recorded'),
        })
        expect(await registry.find(member(0).credential)).toMatchObject({ removed: true })
        expect(await registry.head()).toMatchObject({ seq: 1 })
        const order = { version: 1, action: 'remove', subject: fieldToBytes(member(0).credential) } as const
        const again = { ...order, reason: new Uint8Array() }
        await expect(carryOut(registry, again)).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' })
        fails = false
        expect(await carryOut(registry, again)).toMatchObject({ removed: 0, seq: 2, isPublished: true })
        expect(await registry.head()).toMatchObject({ seq: 2, previousRoot: 0n })
      },
      { hash, signer: moody },
    )
  })

  it('whose signature a signer of another key made is not kept', async (context) => {
    const place = await engine(context)
    const liar = { ...SIGNER, sign: async () => new Uint8Array(64).fill(1) }
    await place.using(
      async (registry) => {
        await expect(registry.cutHead({ evenIfUnchanged: true })).rejects.toMatchObject({
          code: 'HEAD_SIGNATURE_FALSE',
        })
      },
      { signer: liar },
    )
  })
})

describe.each(Object.entries(ENGINES))(
  'a registry in %s that somebody changed, or that rotted',
  (_, engine) => {
    it.for<readonly [string, string]>([
      ['a record’s body', 'UPDATE records SET body = (SELECT body FROM records WHERE n = 3) WHERE n = 2'],
      ['a record’s hash', 'UPDATE records SET hash = (SELECT hash FROM records WHERE n = 1) WHERE n = 4'],
      ['a record’s type', 'UPDATE records SET type = 4 WHERE n = 2'],
      ['a record that is gone', 'DELETE FROM records WHERE n = 3'],
      [
        'evidence',
        'UPDATE evidence SET body = (SELECT body FROM evidence WHERE number = 1) WHERE number = 0',
      ],
      ['evidence that is gone', 'DELETE FROM evidence WHERE number = 1'],
      [
        'a signature',
        'UPDATE heads SET signature = (SELECT signature FROM heads WHERE seq = 0) WHERE seq = 1',
      ],
      ['no records at all', 'DELETE FROM records'],
    ])('in %s is found by a rebuild, which changes nothing then', async ([, change], context) => {
      const place = await engine(context)
      await place.using(
        async (registry) => {
          await registry.admit(member(0))
          await registry.admit(member(1))
          await registry.cutHead()
        },
        { hash },
      )
      await place.tamper(change)
      await expect(place.open({ hash, rebuild: true })).rejects.toMatchObject(corrupt)
      await readRegistry(place.folder, { now }, async (view) =>
        expect(await view.members(0, 9)).toHaveLength(2),
      ).catch((error: VouchError) => expect(['LOG_CORRUPT', 'FILE_NOT_FOUND']).toContain(error.code))
    })

    it('in what follows from its records has it made anew', async (context) => {
      const place = await engine(context)
      for (const step of steps) await place.using(step, { hash })
      const seen = await place.using(seenIn, { hash })
      for (const table of ['members', 'free_places', 'bans', 'buckets'])
        await place.tamper(`DELETE FROM ${table}`)
      await place.using(async (registry) => expect(await seenIn(registry)).toEqual(seen), {
        hash,
        rebuild: true,
      })
    })
  },
)

describe('a published head that cannot be read', () => {
  it('keeps a registry from signing: it may be a newer one', async () => {
    const folder = await newFolder()
    rmSync(join(folder, 'head.json'))
    mkdirSync(join(folder, 'head.json'))
    await expect(open(folder, { hash })).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })
})

describe('a backup', () => {
  it('is the registry, and older than what was published it signs nothing', async () => {
    const folder = await newFolder()
    const registry = await open(folder, { hash })
    await registry.admit(member(0))
    await registry.cutHead()
    const copy = join(folder, 'copy.db')
    await registry.backup(copy)
    const seen = await seenIn(registry)
    await registry.admit(member(1))
    await registry.cutHead()
    await registry.close()
    const elsewhere = scratch()
    copyFileSync(copy, join(elsewhere, 'registry.db'))
    copyFileSync(join(folder, 'head.json'), join(elsewhere, 'head.json'))
    await expect(open(elsewhere, { hash })).rejects.toMatchObject(corrupt)
    writeFileSync(join(elsewhere, 'head.json'), readFileSync(join(await newFolder(), 'head.json')))
    await using(elsewhere, async (restored) => expect(await seenIn(restored)).toEqual(seen), {
      hash,
      rebuild: true,
    })
  })
})

const plain = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? `${one}` : one)))
