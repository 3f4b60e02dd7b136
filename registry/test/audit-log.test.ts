import { describe, expect, test } from 'vitest'
import { AuditLog, refusalDetails } from '../node/serving/audit-log.js'
import { readRegistry } from '../node/store/index.js'
import type { Note, RegistryView } from '../src/store.js'
import { ENGINES, withServer } from '../testing/engines.js'
import { NOW, newFolder, now, open } from '../testing/registries.js'

const fails = (error: unknown): never => {
  throw error
}
const decision = (time: number) =>
  ({ time, outcome: 'removed', from: 'test', details: { seq: time } }) as const
const refusal = (time: number, from: string) =>
  ({ time, from, failures: [{ code: 'BUSY', rule: 'it is' }] }) as const

type Line = { readonly time: number; readonly from: string; readonly left_out?: number }
async function linesOf(
  view: Pick<RegistryView, 'notes'>,
  kind: Note['kind'],
  since = 0,
): Promise<readonly Line[]> {
  const lines: Line[] = []
  for await (const { line } of view.notes(kind, since)) lines.push(JSON.parse(line))
  return lines
}

const DAY = 86_400
withServer()

describe.each(Object.entries(ENGINES))('the private log in %s', (_, engine) => {
  test('has a line for each decision, in order, with many waiting', async (context) => {
    await (await engine(context)).using(async (registry) => {
      const log = new AuditLog(registry, fails)
      const noted = await Promise.all(Array.from({ length: 50 }, (_, i) => log.write(decision(i))))
      expect(noted.every((isNoted) => isNoted)).toBe(true)
      const lines = await linesOf(registry, 'decision')
      expect(lines.map(({ time }) => time)).toEqual(Array.from({ length: 50 }, (_, i) => i))
      expect(await linesOf(registry, 'decision', 48)).toMatchObject([{ time: 48 }, { time: 49 }])
    })
  })

  test('keeps every decision for its days, however many strangers are refused', async (context) => {
    const place = await engine(context)
    await place.using(
      async (registry) => {
        const log = new AuditLog(registry, fails)
        await log.write(decision(NOW - 3 * DAY))
        await log.write(decision(NOW - DAY))
        for (let i = 0; i < 600; i++) await log.refuse(refusal(NOW, `10.0.${i >> 8}.${i & 255}`))
        expect(await linesOf(registry, 'decision')).toMatchObject([{ time: NOW - DAY }])
        expect(await linesOf(registry, 'refusal')).toHaveLength(600)
      },
      { auditDays: 2 },
    )
    await place.using(async (registry) => expect(await linesOf(registry, 'decision')).toHaveLength(1), {
      rebuild: true,
    })
  })

  test('keeps refusals within their bound, the newest of them', async (context) => {
    const place = await engine(context)
    await place.using(async (registry) => {
      await registry.note({ time: NOW, kind: 'decision', line: '{}' })
    })
    const many = 'WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 100300)'
    const values = `SELECT x, ${NOW}, 2, '{"time":' || x || '}' FROM c`
    await place.tamper(`INSERT INTO notes (n, time, kind, line) ${many} ${values}`)
    await place.using(async (registry) => {
      const log = new AuditLog(registry, fails)
      for (let i = 0; i < 256; i++) await log.write(decision(NOW + i))
      const refusals = await linesOf(registry, 'refusal')
      expect(refusals).toHaveLength(100_000)
      expect(refusals.at(-1)).toEqual({ time: 100_300 })
      expect(await linesOf(registry, 'decision')).toHaveLength(257)
    })
  })
})

describe('the private log', () => {
  test('has what others are refused for, though one network asks without end; how much of that is left out, it says', async () => {
    const registry = await open(await newFolder())
    const log = new AuditLog(registry, fails)
    await log.refuse(refusal(0, '192.0.2.1'))
    for (let i = 0; i < 500; i++) await log.refuse(refusal(0, `2001:db8::${i}`))
    await log.refuse(refusal(0, '192.0.2.2'))
    const lines = await linesOf(registry, 'refusal')
    expect(lines).toHaveLength(62)
    expect(lines.filter(({ from }) => from.startsWith('192.0.2.'))).toEqual([
      expect.not.objectContaining({ left_out: expect.anything() }),
      expect.objectContaining({ left_out: 440 }),
    ])
    await log.refuse(refusal(20, '2001:db8::1')) // two more are noted twenty seconds later
    expect(await linesOf(registry, 'refusal')).toHaveLength(63)
    await registry.close()
  })

  test('that cannot be written fails nothing, and is said', async () => {
    const failures: unknown[] = []
    const broken = { note: () => Promise.reject(new Error('no room')) }
    const log = new AuditLog(broken, (error) => failures.push(error))
    expect(await log.write(decision(1))).toBe(false)
    await log.refuse(refusal(1, '192.0.2.1'))
    expect(failures).toHaveLength(2)
  })

  test('is read while the registrar serves', async () => {
    const folder = await newFolder()
    const registry = await open(folder)
    await new AuditLog(registry, fails).write(decision(7))
    expect(await readRegistry(folder, { now }, (view) => linesOf(view, 'decision'))).toMatchObject([
      { time: 7 },
    ])
    await registry.close()
  })

  test('holds nothing that a stranger sent', () => {
    const details = refusalDetails([{ code: 'TOO_LARGE', rule: 'it must be small', given: 'a secret' }])
    expect(details).toEqual({ codes: 'TOO_LARGE', rule: 'it must be small' })
  })
})
