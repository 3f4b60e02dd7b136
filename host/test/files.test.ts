import { readFileSync } from 'node:fs'
import {
  chmod,
  type FileHandle,
  lstat,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { VouchError } from '@vouch/protocol'
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import {
  assertRoom,
  assertWritable,
  parseNamedFile,
  readNamedFile,
  renameDurably,
  syncFolder,
  writeWhole,
} from '../node/files/files.js'
import { createOnce, writePrivateFile } from '../node/files/private-files.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-files-'))
})
afterEach(() => rm(folder, { recursive: true }))

describe('writing a file whole', () => {
  it('makes it, and keeps the mode of one that is there', async () => {
    const path = join(folder, 'secret')
    await writeWhole(path, 'one', 0o600)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await chmod(path, 0o640)
    await writeWhole(path, 'two')
    expect((await stat(path)).mode & 0o777).toBe(0o640)
    expect(await readFile(path, 'utf8')).toBe('two')
  })

  it('writes where a link leads, and leaves the link', async () => {
    const [target, link] = [join(folder, 'target'), join(folder, 'link')]
    await writeFile(target, 'old')
    await symlink(target, link)
    await writeWhole(link, 'new')
    expect((await lstat(link)).isSymbolicLink()).toBe(true)
    expect(await readFile(target, 'utf8')).toBe('new')
  })

  it('writes to what is no file as such, and does not put a file in its place', async () => {
    const link = join(folder, 'null')
    await symlink('/dev/null', link)
    await writeWhole(link, 'gone')
    expect((await stat('/dev/null')).isCharacterDevice()).toBe(true)
  })

  it('says where it cannot', async () => {
    await expect(writeWhole(join(folder, 'no', 'where'), 'x')).rejects.toMatchObject({
      code: 'FILE_NOT_WRITTEN',
    })
    await expect(writeWhole(folder, 'x')).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
  })
})

/** What every file and folder that is synced from now on was at that moment: the content of `path`, or nothing, of a folder. */
async function watchSyncs(path: string) {
  const file = await open('/dev/null')
  const handle = Object.getPrototypeOf(file) as FileHandle
  await file.close()
  const synced: { readonly isFolder: boolean; readonly ino: number; readonly there: string | undefined }[] =
    []
  const { sync } = handle
  const spy = vi.spyOn(handle, 'sync').mockImplementation(async function (this: FileHandle) {
    const info = await this.stat()
    let there: string | undefined
    try {
      there = readFileSync(path, 'utf8')
    } catch {
      there = undefined
    }
    synced.push({ isFolder: info.isDirectory(), ino: info.ino, there })
    return sync.call(this)
  })
  onTestFinished(() => spy.mockRestore())
  return { synced, spy }
}

describe('a file that has a new name', () => {
  it.each<[string, (path: string) => Promise<unknown>]>([
    ['written whole', (path) => writeWhole(path, 'new')],
    ['written for its owner', (path) => writePrivateFile(path, 'new')],
    ['made once', (path) => createOnce(path, 'new')],
    [
      'renamed',
      async (path) => {
        await writeFile(`${path}.draft`, 'new')
        await renameDurably(`${path}.draft`, path)
      },
    ],
  ])('when %s: its folder is synced after it is there', async (_, write) => {
    const path = join(folder, 'file')
    const { synced } = await watchSyncs(path)
    await write(path)
    const { ino } = await stat(folder)
    expect(synced.at(-1)).toEqual({ isFolder: true, ino, there: 'new' })
    expect(synced.filter(({ isFolder }) => isFolder)).toHaveLength(1)
  })

  it('is not there for sure when the disk fails to sync its folder, and that is said', async () => {
    const { spy } = await watchSyncs(join(folder, 'file'))
    const failing = (code: string) => async (): Promise<void> => {
      throw Object.assign(new Error(code), { code })
    }
    spy.mockImplementation(failing('EIO'))
    await expect(syncFolder(folder)).rejects.toMatchObject({ code: 'EIO' })
    spy.mockImplementation(failing('EINVAL')) // a file system that syncs no folders
    await syncFolder(folder)
  })
})

describe('a disk with room', () => {
  it('takes a probe, and keeps nothing of it', async () => {
    await assertRoom(folder)
    expect(await readdir(folder)).toEqual([])
  })

  it('is told from one that takes nothing more, or syncs nothing', async () => {
    const { spy } = await watchSyncs(join(folder, 'file'))
    spy.mockImplementation(async () => {
      throw Object.assign(new Error('EIO'), { code: 'EIO' })
    })
    await expect(assertRoom(folder)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      given: 'the system says EIO',
    })
    expect(await readdir(folder)).toEqual([])
    await expect(assertRoom(join(folder, 'gone'))).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
  })
})

describe('a place for a file', () => {
  it('is where one can be made, or replaced, and nothing is left there', async () => {
    for (const path of [join(folder, 'new'), '/dev/null']) await assertWritable(path)
    await writeFile(join(folder, 'there'), 'kept')
    await assertWritable(join(folder, 'there'))
    expect(await readdir(folder)).toEqual(['there'])
  })

  it.each([['.'], ['no/where'], ['/proc/file']])('is not %s', async (path) => {
    const named = resolve(folder, path)
    await expect(assertWritable(named)).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
  })
})

describe('reading a named file', () => {
  it('says which path leads nowhere, or to what is no file', async () => {
    for (const path of [join(folder, 'nothing'), folder, '/dev/zero']) {
      await expect(readNamedFile(path)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    }
  })

  it('says of which file something is wrong', async () => {
    const path = join(folder, 'file')
    await writeFile(path, '')
    const parse = (): never => {
      throw new VouchError('JSON_MALFORMED', { rule: 'a JSON value was expected', hint: 'look' })
    }
    await expect(parseNamedFile(path, parse)).rejects.toMatchObject({
      code: 'JSON_MALFORMED',
      rule: `${JSON.stringify(path)}: a JSON value was expected`,
      hint: 'look',
    })
  })
})
