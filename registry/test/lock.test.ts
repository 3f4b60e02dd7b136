import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { takeLock } from '../node/store/lock.js'
import { buildWriter, Writer } from './support/processes.js'
import { NOW, newFolder, open, scratch } from './support/registries.js'

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
