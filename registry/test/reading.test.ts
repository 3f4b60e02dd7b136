import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readRegistry } from '../node/store/index.js'
import type { RegistryView } from '../src/store.js'
import { syncRegistry } from '../src/sync.js'
import { quickHash as hash, member } from '../testing/members.js'
import { MemoryMirror, sourceOf } from '../testing/mirrors.js'
import { newFolder, now, open, scratch, using } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

// A reader of a registry takes no lock and changes nothing, and its writer goes on meanwhile.

const read = <Result>(folder: string, use: (registry: RegistryView) => Promise<Result>) =>
  readRegistry(folder, { now }, use)

/** Everything there is to see of a registry. */
const seenIn = async (registry: RegistryView) => ({
  id: registry.id,
  head: await registry.head(),
  heads: await registry.heads(0, 100),
  members: await registry.members(0, 100),
  refused: await registry.refusedMachines(),
  index: await registry.index(),
  bucket: await registry.bucket(0, (await registry.head()).seq),
})

/** Names and bytes of all that lies in a folder, but for what readers and writers share in memory. */
const filesIn = (folder: string) =>
  readdirSync(folder)
    .filter((name) => !name.endsWith('-shm'))
    .map((name) => [name, readFileSync(join(folder, name)).toString('hex')])

describe('a reader', () => {
  it('sees what the writer sees at that moment, and leaves no trace', async () => {
    const folder = await newFolder()
    await using(
      folder,
      async (writer) => {
        const steps = [
          () => writer.admit(member(0)),
          () => writer.cutHead(),
          () => writer.admit(member(1)),
          () => writer.admit(member(2)),
          () => writer.remove(member(1).credential, 'lost'),
          () => writer.ban(member(0).machine ?? new Uint8Array(), 'lost'),
          () => writer.admit(member(3)),
        ]
        for (const step of steps) {
          await step()
          const before = filesIn(folder)
          expect(await read(folder, seenIn)).toEqual(await seenIn(writer))
          expect(filesIn(folder)).toEqual(before)
        }
      },
      { hash },
    )
    const [before, seen] = [filesIn(folder), await read(folder, seenIn)]
    expect(seen.members).toHaveLength(4)
    expect(filesIn(folder)).toEqual(before)
    await expect(read(scratch(), seenIn)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  it('copies the registry while it is written to', async () => {
    const folder = await newFolder()
    const writer = await open(folder, { hash })
    await writer.admit(member(0))
    const copy = join(scratch(), 'copy.db')
    await Promise.all([read(folder, (view) => view.backup(copy)), writer.admit(member(1)), writer.cutHead()])
    await writer.close()
    expect(readFileSync(copy).subarray(0, 15).toString()).toBe('SQLite format 3')
  })

  it('sees whole heads only, again and again, beside a process that admits and removes', async () => {
    const folder = await newFolder()
    const writer = new Writer(await buildWriter(), ['admit', folder, '0'])
    await writer.until('opened')
    const seqs: number[] = []
    const copied = (view: RegistryView) =>
      syncRegistry({ source: sourceOf(view), mirror: new MemoryMirror(), hash })
    for (let i = 0; i < 25; i++) seqs.push((await read(folder, copied)).head.seq)
    await writer.kill()
    expect(writer.errors.join('')).toBe('')
    expect([...seqs].sort((a, b) => a - b)).toEqual(seqs)
    expect(seqs.at(-1)).toBeGreaterThan(seqs[0] ?? 0)
  })
})
