import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { printHead } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { openMirror } from '../node/public-folder.js'
import { publicFolder } from '../node/publishing.js'
import { quickHash as hash, member } from '../testing/members.js'
import { newFolder, open, scratch } from '../testing/registries.js'

const part = { policies: [], hash }

describe('a folder that is published', () => {
  it('has every head with its leaves, the head of a removal at once', async () => {
    const to = join(scratch(), 'public')
    const registry = await open(await newFolder(), { hash, publish: publicFolder(to, part) })
    const mirror = await openMirror(to)
    await registry.admit(member(0))
    const cut = await registry.cutHead()
    expect(await mirror.head()).toEqual(cut)
    expect(await mirror.bucket(0)).toHaveLength(72)
    const removed = await registry.remove(member(0).credential, 'lost')
    expect(await mirror.head()).toEqual(removed)
    expect((await mirror.bucket(0))?.every((byte) => byte === 0)).toBe(true)
    expect(registry.unpublished).toBeUndefined()
    await registry.close()
  })

  it('that cannot be written to undoes no head, and has it with the next one', async () => {
    const to = join(scratch(), 'public')
    const registry = await open(await newFolder(), { hash, publish: publicFolder(to, part) })
    await registry.admit(member(0))
    await registry.cutHead()
    writeFileSync(join(to, 'leaves.json'), '{')
    await registry.admit(member(1))
    await expect(registry.cutHead()).rejects.toThrow()
    expect((await registry.head()).seq).toBe(2)
    expect(registry.unpublished).toBeDefined()
    await registry.close()
  })

  it('where readers have seen more than the registry has keeps it from signing', async () => {
    const [to, seen] = [join(scratch(), 'public'), join(scratch(), 'seen')]
    const folder = await newFolder()
    const publish = publicFolder(to, part, seen)
    mkdirSync(seen)
    copyFileSync(join(folder, 'head.json'), join(seen, 'head.json'))
    const registry = await open(folder, { hash, publish })
    await registry.admit(member(0))
    const head = await registry.cutHead()
    writeFileSync(join(seen, 'head.json'), printHead({ ...head, seq: 9 }))
    await registry.admit(member(1))
    const behind = { code: 'LOG_CORRUPT', given: 'head 9 beside a database that ends with head 1' }
    await expect(registry.cutHead()).rejects.toMatchObject(behind)
    await expect(registry.remove(member(0).credential, '')).rejects.toMatchObject(behind)
    await registry.close()
    await expect(open(folder, { hash, publish })).rejects.toMatchObject(behind)
  })

  it('that shows another head of the registry’s own number keeps it from signing: two databases went on from one', async () => {
    const [to, seen] = [join(scratch(), 'public'), join(scratch(), 'seen')]
    const folder = await newFolder()
    mkdirSync(seen)
    copyFileSync(join(folder, 'head.json'), join(seen, 'head.json'))
    const registry = await open(folder, { hash, publish: publicFolder(to, part, seen) })
    await registry.admit(member(0))
    const head = await registry.cutHead()
    writeFileSync(join(seen, 'head.json'), printHead({ ...head, root: head.root + 1n }))
    await registry.admit(member(1))
    await expect(registry.cutHead()).rejects.toMatchObject({ code: 'LOG_CORRUPT', given: 'another head 1' })
    await registry.close()
  })

  it('is not needed before there is more than the first head: then nothing is published yet', async () => {
    const [to, seen] = [join(scratch(), 'public'), join(scratch(), 'nowhere')]
    const folder = await newFolder()
    const registry = await open(folder, { hash, publish: publicFolder(to, part, seen) })
    expect(existsSync(join(to, 'head.json'))).toBe(true)
    await registry.admit(member(0))
    await expect(registry.cutHead()).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    mkdirSync(seen)
    copyFileSync(join(to, 'head.json'), join(seen, 'head.json'))
    expect(await registry.cutHead()).toMatchObject({ seq: 1 })
    await registry.close()
  })

  it('is not put back by a process that stood still: what is newer there stays', async () => {
    const to = join(scratch(), 'public')
    const folder = await newFolder()
    const registry = await open(folder, { hash, publish: publicFolder(to, part) })
    await registry.admit(member(0))
    const head = await registry.cutHead()
    const mirror = await openMirror(to)
    const index = await mirror.index()
    if (index === undefined) return expect.unreachable('no index')
    await mirror.keepHead({ ...head, seq: 7 }, index)
    await expect(mirror.keepHead(head, index)).rejects.toMatchObject({ code: 'HEAD_TOO_OLD' })
    await registry.close()
  })
})
