import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fieldToBytes, toHex } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { pathInRepository } from '../../test/support/repository.js'
import { importFormer } from '../node/former/import.js'
import { moveRegistry, openRegistry } from '../node/store/index.js'
import type { Registry } from '../src/store.js'
import { remembering } from '../testing/crashes.js'
import { ENGINES, withServer } from '../testing/engines.js'
import { noteLines } from '../testing/notes.js'
import { member, now, open, scratch } from '../testing/registries.js'

// A registry that the last release before the SQL store wrote: eight members, of whom one was removed before any head had it, one
// after, two with their machine.

const FORMER = pathInRepository('fixtures/former-registry')
const expected = JSON.parse(readFileSync(join(FORMER, 'expected.json'), 'utf8'))

function former(change: (name: string, bytes: Buffer) => Buffer = (_, bytes) => bytes): string {
  const folder = join(scratch(), 'former')
  mkdirSync(folder)
  for (const name of ['log', 'evidence.log', 'head.json'])
    writeFileSync(join(folder, name), change(name, readFileSync(join(FORMER, name))))
  return folder
}

const server = withServer()

describe.each(Object.keys(ENGINES))('a folder of the earlier form, brought into %s', (engine) => {
  it('has the same members, heads, bans and nonces, and goes on', async (context) => {
    const store =
      engine === 'sqlite'
        ? undefined
        : await ENGINES.postgres(context).then(() => server.server().database('imported'))
    const folder = former()
    await expect(openRegistry(folder, { now })).rejects.toMatchObject({
      code: 'VERSION_UNKNOWN',
      hint: expect.stringContaining('registrar import'),
    })
    expect(await importFormer(folder, remembering, { store })).toEqual({ members: 8, seq: expected.seq })
    for (const rebuild of [false, true]) {
      const registry = await open(folder, { hash: remembering, rebuild })
      const { head, all } = { head: await registry.head(), all: await registry.members(0, 100) }
      expect(toHex(registry.id)).toBe(expected.registry_id)
      expect([head.seq, head.size, toHex(fieldToBytes(head.root))]).toEqual([
        expected.seq,
        expected.size,
        expected.root,
      ])
      expect(await registry.heads(0, 100)).toHaveLength(expected.seq + 1)
      expect(all.filter(({ removed }) => removed).map(({ number }) => number)).toEqual(expected.removed)
      expect((await registry.refusedMachines()).map(toHex)).toEqual(expected.refused_machines)
      for (const { number, nonce, credential } of all) {
        const known = member(number)
        expect([toHex(nonce), credential]).toEqual([toHex(known.nonce), known.credential])
        expect(await registry.evidenceOf(credential)).toEqual(known.evidence)
        await expect(registry.admit(known)).rejects.toMatchObject({ code: 'NONCE_USED' })
      }
      await registry.close()
    }
    const registry = await open(folder, { hash: remembering })
    await registry.admit(member(8))
    const next = await registry.cutHead()
    expect(next.seq).toBe(expected.seq + 1)
    await registry.close()
    await (await open(folder, { hash: remembering, rebuild: true })).close()
    await expect(importFormer(folder, remembering, { store })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('a registry in its folder’s file', () => {
  it('moves onto a server with all that it has, and goes on there', async (context) => {
    needs.postgres(context)
    const place = await ENGINES.sqlite(context)
    const { folder } = place
    await place.using(
      async (registry) => {
        for (const n of [0, 1, 2]) await registry.admit(member(n))
        await registry.cutHead()
        await registry.remove(member(1).credential, 'lost')
        await registry.ban(new Uint8Array(32).fill(9), 'lost')
        await registry.admit(member(3))
        await registry.note({ time: 7, kind: 'decision', line: '{"a":1}' })
      },
      { hash: remembering },
    )
    const store = server.server().database('moved')
    const first = await place.open({ hash: remembering })
    await expect(moveRegistry(folder, store, remembering)).rejects.toMatchObject({ code: 'LOCKED' })
    const seenIn = async (registry: Registry) => ({
      head: await registry.head(),
      heads: await registry.heads(0, 100),
      members: await registry.members(0, 100),
      refused: await registry.refusedMachines(),
      index: await registry.index(),
      evidence: await registry.evidenceOf(member(3).credential),
      notes: await noteLines(registry, 'decision'),
    })
    const seen = await seenIn(first)
    await first.close()
    expect(await moveRegistry(folder, store, remembering)).toEqual({ members: 4, seq: 3 })
    expect(readdirSync(folder)).toContain('registry.db.moved')
    const moved = await open(folder, { hash: remembering, rebuild: true })
    expect(await seenIn(moved)).toEqual(seen)
    expect(await moved.cutHead()).toMatchObject({ seq: 4, size: 4 })
    await moved.close()
    await expect(moveRegistry(folder, store, remembering)).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('an import', () => {
  it.each<[string, (name: string, bytes: Buffer) => Buffer]>([
    ['a record that rotted', (name, bytes) => (name === 'log' ? flipped(bytes, 700) : bytes)],
    ['evidence that rotted', (name, bytes) => (name === 'evidence.log' ? flipped(bytes, 90) : bytes)],
  ])('of %s is refused, and leaves nothing that a second try stumbles over', async (_, change) => {
    const folder = former(change)
    await expect(importFormer(folder, remembering)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    for (const name of ['log', 'evidence.log']) copyFileSync(join(FORMER, name), join(folder, name))
    expect(await importFormer(folder, remembering)).toMatchObject({ members: 8 })
  })

  it('leaves out a record that a crash cut short: no one was told of it', async () => {
    const folder = former((name, bytes) => (name === 'log' ? bytes.subarray(0, bytes.length - 5) : bytes))
    expect(await importFormer(folder, remembering)).toEqual({ members: 7, seq: expected.seq })
  })

  it('is refused while an earlier release writes, and where nothing is to import', async () => {
    const folder = former()
    writeFileSync(join(folder, 'lock.3'), JSON.stringify({ pid: process.pid, host: 'here' }))
    await expect(importFormer(folder, remembering)).rejects.toMatchObject({ code: 'LOCKED' })
    writeFileSync(join(folder, 'lock.4'), '')
    expect(await importFormer(folder, remembering)).toMatchObject({ members: 8 })
    await expect(importFormer(scratch(), remembering)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})

function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes)
  copy[at] = (copy[at] ?? 0) ^ 1
  return copy
}
