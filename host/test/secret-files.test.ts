import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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

  test('that holds something else is refused, and not repeated', async () => {
    const path = join(folder, 'slip')
    await writeFile(path, `${'ab'.repeat(31)}xx\n`, { mode: 0o600 })
    const refusal: unknown = await readSecret(path).catch((error: unknown) => error)
    expect(refusal).toMatchObject({ code: 'KEY_MALFORMED' })
    expect(JSON.stringify(refusal) + String(refusal)).not.toContain('abab')
  })
})
