import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { takeLock } from '../node/store/lock.js'
import { crashImage } from '../testing/crashes.js'
import { member, NOW, newFolder, open, scratch, using } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

const namespace = readlinkSync('/proc/self/ns/pid')

const locks = (folder: string) => readdirSync(folder).filter((name) => name.includes('lock'))

describe('a second writer', () => {
  it('is refused by name of the first, and let in when that one has ended', async () => {
    const folder = await newFolder()
    const first = new Writer(await buildWriter(scratch()), ['hold', folder])
    await first.until('held')
    await expect(open(folder)).rejects.toMatchObject({
      code: 'LOCKED',
      given: `process ${first.process.pid} on ${hostname()} has it since 2027-01-15T08:00:00Z`,
    })
    first.process.stdin?.end('enough\n')
    await first.end()
    expect(first.lines).toEqual(['held', 'released'])
    await (await open(folder)).close()
  })

  it('takes over from one that was killed', async () => {
    const folder = await newFolder()
    const first = new Writer(await buildWriter(scratch()), ['hold', folder])
    await first.until('held')
    await first.kill()
    await (await open(folder)).close()
    expect(locks(folder)).toHaveLength(1)
  })

  it('in the same process is refused too', async () => {
    const folder = await newFolder()
    const first = await open(folder)
    await expect(open(folder)).rejects.toMatchObject({ code: 'LOCKED' })
    await first.close()
    await (await open(folder)).close()
  })
})

describe('a second writer that was forced in', () => {
  /** What the registry must be left as, by a process that is its writer no more. */
  const state = (folder: string) =>
    ['log', 'evidence.log', 'head.json', join('index', 'checkpoint')].map((name) =>
      readFileSync(join(folder, name)).toString('hex'),
    )

  it('past a lock that somebody deleted: the first writes nothing more, and keeps its hands off the lock', async () => {
    const folder = await newFolder()
    const first = await open(folder)
    await first.admit(member(0))
    for (const name of locks(folder)) rmSync(join(folder, name))
    await using(folder, async () => expect(locks(folder)).toEqual(['lock.1']))
    const second = await open(folder)
    expect(locks(folder)).toEqual(['lock.2']) // as the first one's was called
    await second.admit(member(1))
    await second.cutHead()
    const before = state(folder)
    const locked = { code: 'LOCKED', given: expect.stringContaining('lock.2') }
    await expect(first.admit(member(2))).rejects.toMatchObject(locked)
    await expect(first.cutHead()).rejects.toMatchObject(locked)
    await expect(first.remove(0, '')).rejects.toMatchObject(locked)
    await first.close()
    expect(state(folder)).toEqual(before)
    expect(await second.admit(member(2))).toMatchObject({ index: 2 })
    await expect(open(folder)).rejects.toMatchObject({ code: 'LOCKED' })
    await second.close()
    await using(folder, async (after) => expect(after.size).toBe(3), { rebuild: true })
  })

  it('keeps its newer head, which the first would publish its own over', async () => {
    const folder = await newFolder()
    const first = await open(folder)
    for (const name of locks(folder)) rmSync(join(folder, name))
    await using(folder, async (second) => {
      await second.cutHead({ evenIfUnchanged: true })
      const before = state(folder)
      await expect(first.cutHead()).rejects.toMatchObject({ code: 'LOCKED' })
      expect(state(folder)).toEqual(before)
    })
    await first.close()
  })

  it('past a lock that was followed by another is noticed by the first', async () => {
    const folder = await newFolder()
    const first = await open(folder)
    writeFileSync(join(folder, 'lock.9'), dead())
    await expect(first.admit(member(0))).rejects.toMatchObject({ code: 'LOCKED' })
    expect(first.size).toBe(0)
    await first.close()
  })

  it.each(['log', 'evidence.log'])(
    'past a lock that looks as it was is noticed by the end of %s',
    async (name) => {
      const folder = await newFolder()
      const first = await open(folder)
      await first.admit(member(0))
      const copy = crashImage(folder)
      await using(copy, (second) => second.admit(member(1)))
      writeFileSync(join(folder, name), readFileSync(join(copy, name)))
      const before = readFileSync(join(folder, name))
      await expect(first.admit(member(2))).rejects.toMatchObject({
        code: 'LOCKED',
        rule: `${name} must end where this process left it`,
      })
      expect(readFileSync(join(folder, name))).toEqual(before)
      await first.close()
    },
  )
})

describe('a lock', () => {
  const path = (folder: string) => join(folder, 'lock.1')

  it('goes to one of many who find a dead holder at the same time', async () => {
    const folder = scratch()
    for (let round = 0; round < 20; round++) {
      const highest = locks(folder).at(-1)
      if (highest !== undefined) writeFileSync(join(folder, highest), dead())
      const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(folder, NOW)))
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    }
  })

  it('of a process on another machine is never taken over', async () => {
    const folder = scratch()
    writeFileSync(path(folder), dead({ host: 'another' }))
    await expect(takeLock(folder, NOW)).rejects.toMatchObject({ code: 'LOCKED' })
  })

  it('of a process in another namespace, such as another container of the same name, is never taken over', async () => {
    const folder = scratch()
    writeFileSync(path(folder), dead({ namespace: 'pid:[1]' }))
    await expect(takeLock(folder, NOW)).rejects.toMatchObject({ code: 'LOCKED' })
  })

  it('that somebody deleted is released without a word', async () => {
    const folder = scratch()
    const lock = await takeLock(folder, NOW)
    rmSync(path(folder))
    await lock.release()
  })

  it('of a process whose number another has by now is taken over', async () => {
    const folder = scratch()
    writeFileSync(path(folder), dead({ pid: process.pid, started: 'another boot 1' }))
    await takeLock(folder, NOW)
    expect(locks(folder)).toEqual(['lock.2'])
  })

  it('that nobody can read is not taken over, and says what to do', async () => {
    const folder = scratch()
    for (const content of ['{', '[]', '{"pid":"1"}', '\u0000']) {
      writeFileSync(path(folder), content)
      await expect(takeLock(folder, NOW)).rejects.toMatchObject({
        code: 'LOCKED',
        hint: expect.stringContaining(path(folder)),
      })
    }
  })

  it('is one small file, however often it was taken', async () => {
    const folder = scratch()
    for (let i = 0; i < 5; i++) await (await takeLock(folder, NOW)).release()
    expect(locks(folder)).toEqual(['lock.5'])
    expect(readFileSync(join(folder, 'lock.5'))).toHaveLength(0)
  })
})

function dead(change: object = {}): string {
  return JSON.stringify({
    pid: 2 ** 22 + 1,
    host: hostname(),
    since: 'long ago',
    started: '',
    namespace,
    ...change,
  })
}
