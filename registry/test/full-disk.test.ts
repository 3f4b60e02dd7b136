import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { concat } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { createRegistry } from '../node/store/index.js'
import { FaultyDisk, logOf, recordEnds, remembering, withLog } from '../testing/crashes.js'
import { ID, member, newFolder, now, open, SIGNER, scratch, using } from '../testing/registries.js'

const failed = { code: 'STORAGE_FAILED' }
const options = (disk: FaultyDisk) => ({ openFile: disk.openFile, hash: remembering })

describe('a full disk', () => {
  it('loses nothing acknowledged wherever it fills up, and the registry goes on when there is room', async () => {
    const folder = await newFolder()
    const disk = new FaultyDisk()
    const registry = await open(folder, options(disk))
    let admitted = 0
    for (let room = 0; room < 700; room += 23) {
      disk.room = room
      const [one, two] = [member(2 * admitted), member(2 * admitted + 1)]
      const outcomes = await Promise.allSettled([registry.admit(one), registry.admit(two)])
      const full = outcomes
        .filter(({ status }) => status === 'rejected')
        .map((it) => 'reason' in it && it.reason)
      for (const reason of full) expect(reason).toMatchObject({ ...failed, given: 'ENOSPC' })
      disk.room = Number.POSITIVE_INFINITY
      if (full.length === 2) expect(registry.find(one.credential)).toBeUndefined()
      if (full.length > 0) await Promise.all([registry.admit(one), registry.admit(two)])
      admitted++
      expect(registry.size).toBe(2 * admitted)
    }
    const { root } = await registry.cutHead()
    await registry.close()
    expect(() => recordEnds(logOf(folder))).not.toThrow()
    await using(
      folder,
      async (after) => {
        expect(after.size).toBe(2 * admitted)
        expect(after.head.root).toBe(root)
      },
      { rebuild: true, hash: remembering },
    )
  })

  it('keeps a removal from being half done', async () => {
    const folder = await newFolder()
    const disk = new FaultyDisk()
    const registry = await open(folder, options(disk))
    await registry.admit(member(0))
    const before = await registry.cutHead()
    disk.room = 100
    await expect(registry.remove(0, 'lost')).rejects.toMatchObject(failed)
    await expect(registry.cutHead({ evenIfUnchanged: true })).rejects.toMatchObject(failed)
    expect(registry.head).toEqual(before)
    expect(registry.find(member(0).credential)?.removed).toBe(false)
    disk.room = Number.POSITIVE_INFINITY
    expect(await registry.remove(0, 'lost')).toMatchObject({ previousRoot: 0n, seq: 2 })
    await registry.close()
  })
})

describe('a disk that fails while a registry is opened', () => {
  it.each<[string, Partial<FaultyDisk>]>([
    ['takes nothing back', { failsToTruncate: true }],
    ['does not sync', { failsToSync: true }],
  ])('and %s says so in words, and leaves no lock', async (_, fault) => {
    const folder = await newFolder()
    const registry = await open(folder, { hash: remembering })
    await registry.admit(member(0))
    const torn = withLog(folder, concat(logOf(folder), Uint8Array.of(0, 0)))
    await registry.close()
    const disk = Object.assign(new FaultyDisk(), fault)
    await expect(open(torn, options(disk))).rejects.toMatchObject({ ...failed, given: 'EIO' })
    await using(torn, async ({ size }) => expect(size).toBe(1), { hash: remembering })
  })

  it('and one that has no place for a folder say so in words', async () => {
    const folder = join(scratch(), 'file')
    writeFileSync(folder, '')
    await expect(
      createRegistry(join(folder, 'registry'), { id: ID, signer: SIGNER, now }),
    ).rejects.toMatchObject(failed)
  })
})

describe.each<[string, (disk: FaultyDisk) => void]>([
  [
    'a disk that fails to sync',
    (disk) => {
      disk.failsToSync = true
    },
  ],
  [
    'a full disk that cannot even take back',
    (disk) => {
      disk.room = 50
      disk.failsToTruncate = true
    },
  ],
])('%s', (_, breakIt) => {
  it('ends writing, even when it comes back, until the log was read anew', async () => {
    const folder = await newFolder()
    const disk = new FaultyDisk()
    const registry = await open(folder, options(disk))
    await registry.admit(member(0))
    breakIt(disk)
    await expect(registry.admit(member(1))).rejects.toMatchObject(failed)
    Object.assign(disk, new FaultyDisk(), { openFile: disk.openFile })
    await expect(registry.admit(member(2))).rejects.toMatchObject(failed)
    await registry.close()
    await using(folder, async (after) => {
      expect(after.size).toBe(1)
      expect(await after.admit(member(2))).toMatchObject({ index: 1 })
    })
  })
})
