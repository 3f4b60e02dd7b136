import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readSecret, writeSecret } from '../node/files/secret-files.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-secret-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const secret = new Uint8Array(32).fill(7)

describe('a secret file', () => {
  test('is read by its owner, and written over nothing', async () => {
    const path = join(folder, 'key')
    await writeSecret(path, secret)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    expect(await readSecret(path)).toEqual(secret)
    await expect(writeSecret(path, secret)).rejects.toMatchObject({ code: 'USAGE' })
  })

  test.each([0o640, 0o604, 0o620])('that others may use, mode %o, is not used', async (mode) => {
    const path = join(folder, mode.toString(8))
    await writeSecret(path, secret)
    await chmod(path, mode)
    await expect(readSecret(path)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
  })

  describe('that systemd gives a service as a credential', () => {
    // systemd lets the service's user in by an access list: the mode then shows a right of the group.
    const given = async (mode: number): Promise<string> => {
      const credentials = await mkdtemp(join(folder, 'credentials-'))
      const path = join(credentials, 'signer.key')
      await writeSecret(path, secret)
      await chmod(path, mode)
      process.env.CREDENTIALS_DIRECTORY = credentials
      return path
    }
    afterEach(() => {
      delete process.env.CREDENTIALS_DIRECTORY
    })

    test('is read with the rights that systemd gives it', async () => {
      expect(await readSecret(await given(0o440))).toEqual(secret)
      expect(await readSecret(await given(0o400))).toEqual(secret)
    })

    test.each([0o404, 0o444, 0o460, 0o450])('is refused with others, mode %o', async (mode) => {
      await expect(readSecret(await given(mode))).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
    })

    test('is refused beside the folder of credentials', async () => {
      const path = await given(0o440)
      process.env.CREDENTIALS_DIRECTORY = `${process.env.CREDENTIALS_DIRECTORY}-other`
      await expect(readSecret(path)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
      const before = process.cwd()
      process.chdir(dirname(path))
      process.env.CREDENTIALS_DIRECTORY = '' // no folder, and not this one
      await expect(readSecret(path)).rejects.toMatchObject({ code: 'KEY_EXPOSED' })
      process.chdir(before)
    })
  })

  test('that holds something else is refused, and not repeated', async () => {
    const path = join(folder, 'slip')
    await writeFile(path, `${'ab'.repeat(31)}xx\n`, { mode: 0o600 })
    const refusal: unknown = await readSecret(path).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'KEY_MALFORMED' })
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain('abab')
  })
})
