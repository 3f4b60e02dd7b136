import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { AuditLog, refusalDetails } from '../node/audit-log.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-audit-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const fails = (error: unknown): never => {
  throw error
}
const entry = (time: number) =>
  ({ time, outcome: 'refused', from: 'test', details: { codes: 'BUSY' } }) as const

describe('the private log', () => {
  test('has a line for each entry, in order, whoever waits for them, and is for its owner alone', async () => {
    const path = join(folder, 'order')
    const log = new AuditLog(path, fails)
    await Promise.all(Array.from({ length: 50 }, (_, i) => log.write(entry(i))))
    const lines = (await readFile(path, 'utf8')).split('\n').slice(0, -1)
    expect(lines.map((line) => (JSON.parse(line) as { time: number }).time)).toEqual(lines.map((_, i) => i))
    expect(lines).toHaveLength(50)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  test('makes room when it is full: one older file is kept, and no more', async () => {
    const path = join(folder, 'full')
    const log = new AuditLog(path, fails, 500)
    for (let i = 0; i < 50; i++) await log.write(entry(i))
    expect((await stat(path)).size).toBeLessThanOrEqual(500)
    expect((await stat(`${path}.1`)).size).toBeLessThanOrEqual(500)
    expect((await readFile(path, 'utf8')).trimEnd().split('\n').at(-1)).toContain('"time":49')
  })

  test('says that it could not be written, and goes on', async () => {
    const failures: unknown[] = []
    const log = new AuditLog(join(folder, 'nowhere', 'log'), (error) => failures.push(error))
    await log.write(entry(1))
    await log.write(entry(2))
    expect(failures).toHaveLength(2)
  })

  test('holds nothing that a stranger sent', () => {
    const details = refusalDetails([{ code: 'TOO_LARGE', rule: 'it must be small', given: 'a secret' }])
    expect(details).toEqual({ codes: 'TOO_LARGE', rule: 'it must be small' })
  })
})
