import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openHasher } from '@vouch/circuits'
import { describe, expect, it } from 'vitest'
import { PublishedRegistry } from '../node/published.js'
import { readRegistry } from '../node/store/index.js'
import type { RegistryView } from '../src/store.js'
import { type Mirror, type Synced, syncRegistry } from '../src/sync.js'
import { remembering } from '../testing/crashes.js'
import { member, newFolder, now, open, scratch, using } from '../testing/registries.js'
import { buildWriter, Writer } from './support/processes.js'

// Whoever reads a registry takes no lock and writes nothing, whatever its writer does.

const hash = await openHasher()
const read = <Result>(folder: string, use: (registry: RegistryView) => Promise<Result>) =>
  readRegistry(folder, { now, hash }, use)

/** Everything there is to see of a registry. */
const seenIn = async (registry: RegistryView) => ({
  id: registry.id,
  head: registry.head,
  heads: registry.heads(0, 100),
  members: registry.members(0, registry.size),
  refused: registry.refusedMachines,
  roots: registry.bucketRoots(),
  leaves: registry.head.size === 0 ? undefined : registry.bucket(0),
})

/** Names and bytes of all that lies in a folder; of the nodes, which are 64 MB, only where they end. */
const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name)).subarray(-65_536).toString('hex'),
    ])

describe('a reader', () => {
  it('sees what the writer sees at that moment, checkpoint or not, and leaves no trace', async () => {
    const folder = await newFolder()
    await using(
      folder,
      async (writer) => {
        const steps = [
          () => writer.admit(member(0)),
          () => writer.cutHead(),
          () => writer.admit(member(1)),
          () => writer.admit(member(2)),
          () => writer.remove(1, 'lost'),
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
      { hash: remembering },
    )
  })

  it('leaves alone what is unfinished at the end: it may be what is being written', async () => {
    const folder = await newFolder()
    const writer = await open(folder)
    await writer.admit(member(0))
    await writer.cutHead()
    appendFileSync(join(folder, 'log'), Uint8Array.of(0, 0, 1))
    const before = filesIn(folder)
    expect(await read(folder, async ({ size }) => size)).toBe(1)
    expect(filesIn(folder)).toEqual(before)
    await writer.close()
  })

  it('that finds no index, or one that does not fit, has it made anew, as long as nobody writes', async () => {
    const folder = await newFolder()
    await using(folder, (writer) => Promise.all([0, 1, 2].map((n) => writer.admit(member(n)))))
    await using(folder, (writer) => writer.cutHead())
    const seen = await read(folder, seenIn)
    const nodes = join(folder, 'index', 'nodes')
    const spoiled = readFileSync(nodes)
    writeFileSync(nodes, spoiled.fill(1, spoiled.length - 32)) // the root
    expect(await read(folder, seenIn)).toEqual(seen)
    rmSync(join(folder, 'index'), { recursive: true })
    expect(await read(folder, seenIn)).toEqual(seen)
    expect(existsSync(join(folder, 'index', 'checkpoint'))).toBe(true)

    rmSync(join(folder, 'index'), { recursive: true })
    await using(folder, async () => expect(await read(folder, seenIn)).toEqual(seen)) // the writer has made it
    await expect(read(scratch(), seenIn)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  it('tells damage from a writer that was faster', async () => {
    const folder = await newFolder()
    await using(folder, (writer) => writer.admit(member(0)))
    const damaged = () => Promise.reject(Object.assign(new Error(), { code: 'LOG_CORRUPT' }))
    await expect(read(folder, damaged)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    const log = readFileSync(join(folder, 'log'))
    writeFileSync(join(folder, 'log'), log.fill(1, log.length - 4))
    await expect(read(folder, seenIn)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
  })

  it('sees whole heads only, again and again, beside a process that admits and removes', async () => {
    const folder = await newFolder()
    const writer = new Writer(await buildWriter(scratch()), ['admit', folder, '0'])
    await writer.until('opened')
    const seqs: number[] = []
    for (let i = 0; i < 25; i++) seqs.push((await read(folder, copied)).head.seq)
    await writer.kill()
    expect(writer.errors.join('')).toBe('')
    expect([...seqs].sort((a, b) => a - b)).toEqual(seqs)
    expect(seqs.at(-1)).toBeGreaterThan(seqs[0] ?? 0)
  })
})

/** Copies a registry into memory, every leaf and every root held against the head. */
function copied(registry: RegistryView): Promise<Synced> {
  const published = new PublishedRegistry(registry)
  const mirror: Mirror = {
    head: async () => undefined,
    index: async () => undefined,
    policies: async () => [],
    bucket: async () => undefined,
    keepPolicies: async () => undefined,
    keepBucket: async () => undefined,
    keepHead: async () => undefined,
  }
  const source = {
    head: async () => registry.head,
    index: async () => published.index(),
    bucket: async (number: number) => published.bucket(number),
  }
  return syncRegistry({ source, mirror, hash })
}
