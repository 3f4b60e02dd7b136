import { chmod, lstat, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { assertWritable, parseNamedFile, readNamedFile, writeWhole } from '@vouch/protocol/node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VouchError } from '../src/index.js'

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
