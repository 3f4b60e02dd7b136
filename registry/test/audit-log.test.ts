import { mkdir, mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LineFile } from '@vouch/host/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AuditBounds, AuditLog, refusalDetails } from '../node/serving/audit-log.js'

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vouch-audit-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

const fails = (error: unknown): never => {
  throw error
}
const decision = (time: number) =>
  ({ time, outcome: 'removed', from: 'test', details: { seq: time } }) as const
const refusal = (time: number, from: string) =>
  ({ time, from, failures: [{ code: 'BUSY', rule: 'it is' }] }) as const

async function linesOf(path: string): Promise<readonly { time: number; from: string; left_out?: number }[]> {
  return (await readFile(path, 'utf8'))
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

function opened(name: string, bounds?: AuditBounds) {
  const paths = {
    auditLog: join(scratch, `${name}-decisions`),
    refusalLog: join(scratch, `${name}-refusals`),
  }
  return { ...paths, log: new AuditLog(paths, fails, bounds) }
}

describe('the private log', () => {
  test('has a line for each decision, in order, with many waiting, and is for its owner alone', async () => {
    const { log, auditLog } = opened('order')
    await Promise.all(Array.from({ length: 50 }, (_, i) => log.write(decision(i))))
    const lines = await linesOf(auditLog)
    expect(lines.map(({ time }) => time)).toEqual(lines.map((_, i) => i))
    expect(lines).toHaveLength(50)
    expect((await stat(auditLog)).mode & 0o777).toBe(0o600)
  })

  test('keeps every decision, however many strangers are refused, and refusals within their bound', async () => {
    const { log, auditLog, refusalLog } = opened('flood', { decisions: 2000, refusals: 1000 })
    for (let i = 0; i < 3; i++) await log.write(decision(i))
    for (let i = 0; i < 2000; i++) await log.refuse(refusal(i, `10.0.${i >> 8}.${i & 255}`))
    await log.write(decision(3))
    expect((await linesOf(auditLog)).map(({ time }) => time)).toEqual([0, 1, 2, 3])
    for (const path of [refusalLog, `${refusalLog}.1`])
      expect((await stat(path)).size).toBeLessThanOrEqual(1000)
    expect((await linesOf(refusalLog)).at(-1)).toMatchObject({ time: 1999 })
  })

  test('has what others are refused for, though one network asks without end; how much of that is left out, it says', async () => {
    const { log, refusalLog } = opened('network')
    await log.refuse(refusal(0, '192.0.2.1'))
    for (let i = 0; i < 500; i++) await log.refuse(refusal(0, `2001:db8::${i}`))
    await log.refuse(refusal(0, '192.0.2.2'))
    const lines = await linesOf(refusalLog)
    expect(lines).toHaveLength(62)
    expect(lines.filter(({ from }) => from.startsWith('192.0.2.'))).toEqual([
      expect.not.objectContaining({ left_out: expect.anything() }),
      expect.objectContaining({ left_out: 440 }),
    ])
    await log.refuse(refusal(20, '2001:db8::1')) // two more are noted twenty seconds later
    expect(await linesOf(refusalLog)).toHaveLength(63)
  })

  test('holds nothing that a stranger sent', () => {
    const details = refusalDetails([{ code: 'TOO_LARGE', rule: 'it must be small', given: 'a secret' }])
    expect(details).toEqual({ codes: 'TOO_LARGE', rule: 'it must be small' })
  })
})

describe('a file of lines', () => {
  test('makes room when it is full: one older file is kept, and no more', async () => {
    const path = join(scratch, 'full')
    const file = new LineFile(path, { maxBytes: 500, keeps: true, onFailure: fails })
    for (let i = 0; i < 50; i++) expect(await file.append(`a line of some length, number ${i}`)).toBe(true)
    expect((await stat(path)).size).toBeLessThanOrEqual(500)
    expect((await stat(`${path}.1`)).size).toBeLessThanOrEqual(500)
    expect((await readFile(path, 'utf8')).trimEnd().split('\n').at(-1)).toContain('number 49')
  })

  test.each([true, false])(
    'that the disk refuses is told of each time; lines are kept: %s',
    async (keeps) => {
      const folder = join(scratch, `later-${keeps}`)
      const failures: unknown[] = []
      const onFailure = (error: unknown): number => failures.push(error)
      const file = new LineFile(join(folder, 'log'), { maxBytes: 500, keeps, onFailure })
      expect([await file.append('one'), await file.append('two')]).toEqual([false, false])
      expect(failures).toHaveLength(2)
      await mkdir(folder)
      await file.append('three')
      expect(await readFile(join(folder, 'log'), 'utf8')).toBe(keeps ? 'one\ntwo\nthree\n' : 'three\n')
    },
  )

  test('writes what it kept by itself once it can, or when it is closed', async () => {
    for (const way of ['by itself', 'when closed']) {
      const folder = join(scratch, way)
      const retryMs = way === 'by itself' ? 20 : 60_000
      const file = new LineFile(join(folder, 'log'), {
        maxBytes: 500,
        keeps: true,
        onFailure: () => undefined,
        retryMs,
      })
      await file.append('one')
      await mkdir(folder)
      if (way === 'when closed') await file.close()
      await expect.poll(() => readFile(join(folder, 'log'), 'utf8').catch(() => '')).toBe('one\n')
      await file.close()
    }
  })
})
