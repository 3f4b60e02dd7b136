import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { toHex } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { openKey } from '../service/key.js'
import { newFolder } from '../testing/services.js'

let folder: string
beforeAll(async () => {
  folder = await newFolder()
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const anywhere = { anywhere: true }
const ONE = `${'00'.repeat(31)}01\n`
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141\n'

describe("a service's key", () => {
  test('is made once, for its owner alone, and is the same at every later start', async () => {
    const path = join(folder, 'once')
    const key = await openKey(path, anywhere)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readFile(path, 'utf8')).toBe(`${toHex(key)}\n`)
    expect(await openKey(path, anywhere)).toEqual(key)
    expect(await openKey(join(folder, 'another'), anywhere)).not.toEqual(key)
  })

  test('is one key when twenty start together, and no draft of another stays', async () => {
    const own = join(folder, 'together')
    await mkdir(own)
    const keys = await Promise.all(Array.from({ length: 20 }, () => openKey(join(own, 'key'), anywhere)))
    expect(new Set(keys.map(toHex)).size).toBe(1)
    expect(await readdir(own)).toEqual(['key'])
  })

  test('is made on no disk: a copy of the disk would be a copy of the key', async () => {
    // The clone's own folder: whatever /tmp is, sources lie on a disk.
    const here = new URL('.', import.meta.url).pathname
    await expect(openKey(join(here, 'key'))).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
    expect(await readdir(here)).not.toContain('key')
  })

  test('lies in memory without more words', async (context) => {
    needs.sharedMemory(context)
    const inMemory = await mkdtemp('/dev/shm/vouch-key-')
    try {
      expect(await openKey(join(inMemory, 'key'))).toHaveLength(32)
    } finally {
      await rm(inMemory, { recursive: true })
    }
  })

  test.each([0o640, 0o604, 0o620, 0o602, 0o700, 0o400])('in a file of mode %o is not used', async (mode) => {
    const path = join(folder, mode.toString(8))
    await writeFile(path, ONE)
    await chmod(path, mode)
    await expect(openKey(path, anywhere)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
  })

  test('in a file of another user is not used', async () => {
    const path = join(folder, 'strangers')
    await writeFile(path, ONE, { mode: 0o600 })
    const isRoot = process.geteuid?.() === 0
    if (isRoot) await chown(path, 65_534, 65_534)
    // Who is not root can give no file away; but root's file of accounts is a stranger's to them.
    const refused = openKey(isRoot ? path : '/etc/passwd', anywhere)
    await expect(refused).rejects.toMatchObject({
      code: 'KEY_EXPOSED',
      given: expect.stringContaining(isRoot ? 'owner 65534' : 'owner 0'),
    })
  })

  test('behind a link, in a folder or in a pipe is not used', async () => {
    const target = join(folder, 'target')
    await writeFile(target, ONE, { mode: 0o600 })
    const link = join(folder, 'link')
    await symlink(target, link)
    await expect(openKey(link, anywhere)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
    const dangling = join(folder, 'dangling')
    await symlink(join(folder, 'nowhere'), dangling)
    await expect(openKey(dangling, anywhere)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
    await mkdir(join(folder, 'folder'), { mode: 0o700 })
    await expect(openKey(join(folder, 'folder'), anywhere)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
  })

  test('is sought in a folder that is there, and written where one can write', async () => {
    const nowhere = join(folder, 'no', 'folder', 'key')
    await expect(openKey(nowhere)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(openKey(nowhere, anywhere)).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' })
  })

  test.each([
    ['nothing', ''],
    ['half a key', `${'ab'.repeat(16)}\n`],
    ['a key and more', `${ONE}${ONE}`],
    ['a megabyte', 'ab'.repeat(2 ** 19)],
    ['upper case', `${'AB'.repeat(32)}\n`],
    ['zero', `${'00'.repeat(32)}\n`],
    ["the group's order", ORDER],
  ])('that is %s is refused, and not repeated', async (name, content) => {
    const path = join(folder, `malformed ${name.slice(0, 6)}`)
    await writeFile(path, content, { mode: 0o600 })
    const refusal: unknown = await openKey(path, anywhere).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'KEY_MALFORMED' })
    expect(JSON.stringify(refusal) + String(refusal)).not.toMatch(/(ab|AB|00|ff){8}/)
  })
})
