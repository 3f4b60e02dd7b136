import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, migrate, openFileDatabase, openServerDatabase } from '@vouch/host/sql'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { type PostgresServer, postgresPrograms, startPostgres } from '../testing/postgres.js'

// One port, two engines: each keeps the same promises.

const folder = mkdtempSync(join(tmpdir(), 'vouch-sql-'))
let server: PostgresServer | undefined
beforeAll(async () => {
  if (postgresPrograms() !== undefined) server = await startPostgres()
}, 60_000)
afterAll(async () => {
  await server?.stop()
  rmSync(folder, { recursive: true, force: true })
})

let count = 0
/** Where a new database of an engine is: opened twice, it is the same one. */
const PLACES: Readonly<Record<string, (context: TestContext) => () => Promise<Database>>> = {
  sqlite: () => {
    const path = join(folder, `${count++}.db`)
    return () => openFileDatabase(path)
  },
  postgres: (context) => {
    needs.postgres(context)
    const url = server?.database(`test${count++}`) ?? ''
    return () => openServerDatabase(url)
  },
}

const TABLE = ['CREATE TABLE things (n BIGINT PRIMARY KEY, body {bytes} UNIQUE, words TEXT)']
const BIG = Number.MAX_SAFE_INTEGER
const all = (database: Pick<Database, 'rows'>) =>
  database.rows<{ n: number }>('SELECT n FROM things ORDER BY n')

describe.each(Object.keys(PLACES))('a database of %s', (engine) => {
  /** Opens one with its table, and closes it after the work. */
  const using = async (
    context: TestContext,
    work: (database: Database, another: () => Promise<Database>) => Promise<void>,
  ): Promise<void> => {
    const open = PLACES[engine]?.(context)
    if (open === undefined) throw new Error(engine)
    const opened: Database[] = []
    const another = async (): Promise<Database> => {
      const database = await open()
      opened.push(database)
      return database
    }
    const database = await another()
    await migrate(database, TABLE)
    try {
      await work(database, another)
    } finally {
      for (const one of opened) await one.close()
    }
  }

  test('gives back what it was given', (context) =>
    using(context, async (database) => {
      const body = Uint8Array.of(0, 255, 7)
      expect(await database.run('INSERT INTO things VALUES ($1, $2, $3)', BIG, body, 'é"\'\u0001')).toBe(1)
      expect(await database.run('INSERT INTO things (n, body) VALUES ($1, $2)', 1, null)).toBe(1)
      expect(await database.rows('SELECT * FROM things ORDER BY n')).toEqual([
        { n: 1, body: null, words: null },
        { n: BIG, body, words: 'é"\'\u0001' },
      ])
      const [row] = await database.rows<{ body: Uint8Array }>('SELECT body FROM things WHERE body = $1', body)
      expect(Object.getPrototypeOf(row?.body)).toBe(Uint8Array.prototype)
    }))

  test('does all of a transaction or nothing', (context) =>
    using(context, async (database) => {
      const failing = database.transaction(async (queries) => {
        await queries.run('INSERT INTO things (n) VALUES (1)')
        expect(await all(queries)).toHaveLength(1)
        expect(await all(database)).toHaveLength(0)
        throw new Error('a change of mind')
      })
      await expect(failing).rejects.toThrow('a change of mind')
      expect(await all(database)).toHaveLength(0)
      await database.transaction((queries) => queries.run('INSERT INTO things (n) VALUES (2)'))
      expect(await all(database)).toEqual([{ n: 2 }])
    }))

  test('refuses what breaks a rule of its table, and goes on', (context) =>
    using(context, async (database) => {
      await database.run('INSERT INTO things (n) VALUES (1)')
      await expect(database.run('INSERT INTO things (n) VALUES (1)')).rejects.toThrow()
      await database.run('INSERT INTO things (n) VALUES (2)')
      expect(await all(database)).toHaveLength(2)
    }))

  test('lets transactions of all processes come one after another', (context) =>
    using(context, async (database, another) => {
      const others = [database, await another(), await another()]
      await database.run('INSERT INTO things (n) VALUES (0)')
      const next = (one: Database) =>
        one.transaction(async (queries) => {
          const [row] = await queries.rows<{ n: number }>('SELECT n FROM things')
          await new Promise((resolve) => setTimeout(resolve, 2))
          await queries.run('UPDATE things SET n = $1', (row?.n ?? 0) + 1)
        })
      await Promise.all(Array.from({ length: 30 }, (_, i) => next(others[i % 3] ?? database)))
      expect(await all(database)).toEqual([{ n: 30 }])
    }))

  test('is read as of one moment', (context) =>
    using(context, async (database) => {
      await database.snapshot(async (queries) => {
        expect(await all(queries)).toHaveLength(0)
        await database.run('INSERT INTO things (n) VALUES (1)')
        expect(await all(queries)).toHaveLength(0)
      })
      expect(await all(database)).toHaveLength(1)
    }))

  test('gives a name to one process at a time', (context) =>
    using(context, async (database, another) => {
      const other = await another()
      const held = await database.hold('signer')
      await held?.assertHeld()
      expect(await other.hold('signer')).toBeUndefined()
      const second = await other.hold('another')
      await held?.release()
      const taken = await other.hold('signer')
      expect(taken).toBeDefined()
      await Promise.all([taken?.release(), second?.release()])
    }))

  test('has the schema of this release, or is refused', (context) =>
    using(context, async (database) => {
      const more = [...TABLE, 'CREATE TABLE more (n BIGINT); ALTER TABLE things ADD COLUMN extra BIGINT']
      await migrate(database, more)
      await migrate(database, more)
      await database.run('INSERT INTO things (n, extra) VALUES (1, 2)')
      const older = migrate(database, TABLE)
      await expect(older).rejects.toMatchObject({
        code: 'VERSION_UNKNOWN',
        given: 'version 2; this release knows 1',
      })
      const broken = [...more, 'CREATE TABLE good (n BIGINT); CREATE NONSENSE']
      await expect(migrate(database, broken)).rejects.toThrow()
      await expect(database.rows('SELECT * FROM good')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    }))
})

describe('a file', () => {
  test('is its owner’s alone, and its copy is whole while it is written to', async () => {
    const path = join(folder, `${count++}.db`)
    const database = await openFileDatabase(path)
    await migrate(database, TABLE)
    for (let n = 0; n < 50; n++) await database.run('INSERT INTO things (n) VALUES ($1)', n)
    const writing = Promise.all(
      Array.from({ length: 50 }, (_, n) => database.run('INSERT INTO things (n) VALUES ($1)', 100 + n)),
    )
    await database.backup(`${path}.copy`)
    await writing
    await database.close()
    for (const one of [path, `${path}.copy`]) expect(statSync(one).mode & 0o777).toBe(0o600)
    expect(existsSync(`${path}.copy-wal`)).toBe(false)
    const copy = await openFileDatabase(`${path}.copy`)
    expect((await all(copy)).length).toBeGreaterThanOrEqual(50)
    await copy.check()
    await copy.close()
  })

  test('whose pages rotted is found out', async () => {
    const path = join(folder, `${count++}.db`)
    const database = await openFileDatabase(path)
    await migrate(database, TABLE)
    for (let n = 0; n < 300; n++)
      await database.run('INSERT INTO things (n, body) VALUES ($1, $2)', n, new Uint8Array(100 + n))
    await database.close()
    const bytes = readFileSync(path)
    bytes.fill(0xff, bytes.length - 4096 * 3, bytes.length - 4096 * 2)
    writeFileSync(path, bytes)
    const rotten = await openFileDatabase(path, { readOnly: true })
    await expect(rotten.check()).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
    await rotten.close()
    writeFileSync(path, 'no database at all, but long enough to be taken for one: '.repeat(40))
    await expect(openFileDatabase(path)).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
  })

  test('is read without a file beside it, and not written to by a reader', async () => {
    const path = join(folder, `${count++}.db`)
    const database = await openFileDatabase(path)
    await migrate(database, TABLE)
    await database.close()
    const reader = await openFileDatabase(path, { readOnly: true })
    expect(await all(reader)).toEqual([])
    await expect(reader.run('INSERT INTO things (n) VALUES (1)')).rejects.toMatchObject({ code: 'INTERNAL' })
    await reader.close()
    await expect(openFileDatabase(join(folder, 'none.db'), { readOnly: true })).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    })
  })
})

describe('a server', () => {
  test('that refuses the password is named without it', async (context) => {
    needs.postgres(context)
    const url = new URL(server?.url ?? '')
    url.password = 'not-the-password'
    const error = await openServerDatabase(url.href).catch((said: unknown) => said)
    expect(error).toMatchObject({ code: 'STORAGE_FAILED', given: '28P01' })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('not-the-password')
  })

  test.each([
    ['another scheme', 'mysql://a/b', 'USAGE'],
    ['no address', 'postgres://[', 'USAGE'],
    ['an address where there is none', 'postgres://vouch:secret-word@127.0.0.1:1/vouch', 'STORAGE_FAILED'],
  ])('with %s is refused', async (_, url, code) => {
    const error = await openServerDatabase(url).catch((said: unknown) => said)
    expect(error).toMatchObject({ code })
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('secret-word')
  })

  test('without the database that is named says so', async (context) => {
    needs.postgres(context)
    const url = new URL(server?.url ?? '')
    url.pathname = '/none'
    await expect(openServerDatabase(url.href)).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })

  test('that ends a session frees its name, and its holder is told', async (context) => {
    needs.postgres(context)
    const database = await openServerDatabase(server?.database(`test${count++}`) ?? '')
    const held = await database.hold('signer')
    await held?.assertHeld()
    server?.psql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
    await expect(held?.assertHeld()).rejects.toMatchObject({ code: 'LOCKED' })
    const again = await database.hold('signer')
    expect(again).toBeDefined()
    await again?.release()
    await database.close()
  })

  test('that crashes in the middle of a transaction is said to be away, and is used again when it is back', async (context) => {
    needs.postgres(context)
    const database = await openServerDatabase(server?.database(`test${count++}`) ?? '')
    await migrate(database, TABLE)
    const under = database.transaction(async (queries) => {
      await queries.run('INSERT INTO things (n) VALUES (1)')
      await server?.kill()
      await queries.run('INSERT INTO things (n) VALUES (2)')
    })
    await expect(under).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await expect(database.rows('SELECT 1 AS one')).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
    await server?.start()
    expect(await all(database)).toEqual([])
    await database.close()
  })
})
