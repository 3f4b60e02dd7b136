import { VouchError } from '@vouch/protocol'
import pg from 'pg'
import type { Database, Hold, Queries, Row, SqlValue } from './database.js'
import { postgresFailure } from './postgres-failures.js'

// PostgreSQL, for several processes on several machines. A commit returns when the server, and each synchronous replica that it
// is set up with, has it on disk.

const CONNECT_MS = 5_000
/** A server whose machine is gone says nothing: after this time a statement is given up. More than it may wait for a lock. */
const ANSWER_MS = 40_000
const HOLD_ANSWER_MS = 5_000
const READERS = 8
const INT8 = 20

/**
 * After this time the server ends the session of a process that stands still: one that was stopped in the middle of a
 * transaction, or while it had a name, would keep all others waiting.
 */
const STILL_MS = 15_000
const PING_MS = 3_000

const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8 && format !== 'binary' ? Number : pg.types.getTypeParser(oid, format as 'text'),
} as pg.CustomTypesConfig

/** Opens the database that a URL names. It connects at once, so that a wrong address or password is said at the start. */
export async function openPostgres(url: string): Promise<Database> {
  const config = configOf(url)
  const pool = new pg.Pool({ ...config, max: READERS, idleTimeoutMillis: 60_000 })
  pool.on('error', () => undefined) // an idle connection that the server ended is opened anew when it is needed
  const database = new PostgresDatabase(pool, config)
  try {
    await assertDurable(database)
  } catch (error) {
    await pool.end()
    throw error
  }
  return database
}

/** Without this, the server acknowledges what a crash takes back. */
async function assertDurable(database: Queries): Promise<void> {
  const [row] = await database.rows<{ synchronous_commit: string }>('SHOW synchronous_commit')
  if (row?.synchronous_commit !== 'off') return
  throw new VouchError('STORAGE_FAILED', {
    rule: 'the database server acknowledges what a crash may take back',
    given: 'synchronous_commit = off',
    hint: 'set synchronous_commit = on for this user: ALTER ROLE … SET synchronous_commit = on',
  })
}

function configOf(url: string): pg.ClientConfig {
  try {
    new URL(url)
  } catch {
    throw new VouchError('USAGE', {
      rule: 'the address of the database server is no URL',
      hint: 'such as postgres://vouch@db.internal/vouch',
    })
  }
  return {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'vouch',
    keepAlive: true,
    types,
    idle_in_transaction_session_timeout: STILL_MS,
    lock_timeout: 30_000,
    query_timeout: ANSWER_MS,
  }
}

class PostgresDatabase implements Database {
  readonly engine = 'postgres'
  /** A server's database is never lost to one process: it connects again. */
  readonly lost = new Promise<VouchError>(() => undefined)
  private readonly pool: pg.Pool
  private readonly config: pg.ClientConfig

  constructor(pool: pg.Pool, config: pg.ClientConfig) {
    this.pool = pool
    this.config = config
  }

  rows<Found extends Row>(text: string, ...values: readonly SqlValue[]): Promise<readonly Found[]> {
    return on(this.pool).rows(text, ...values)
  }

  run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return on(this.pool).run(text, ...values)
  }

  /** One after another among all processes, by a lock that ends with the transaction. */
  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result> {
    return this.within('BEGIN ISOLATION LEVEL READ COMMITTED', async (queries) => {
      await queries.rows(`SELECT pg_advisory_xact_lock(${LOCK_OF('write')})`)
      return work(queries)
    })
  }

  snapshot<Result>(read: (queries: Queries) => Promise<Result>): Promise<Result> {
    return this.within('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', read)
  }

  async hold(name: string): Promise<Hold | undefined> {
    const client = new pg.Client({ ...this.config, query_timeout: HOLD_ANSWER_MS })
    const session = new HeldSession(client)
    try {
      await client.connect()
      const queries = on(client)
      await queries.run(`SET idle_session_timeout = ${STILL_MS}`)
      const [row] = await queries.rows<{ taken: string }>(
        `SELECT pg_try_advisory_lock(${LOCK_OF(name)})::text AS taken`,
      )
      if (row?.taken === 'true') return session.start()
      await session.release()
      return undefined
    } catch (error) {
      await session.release()
      throw error instanceof VouchError ? error : postgresFailure(error)
    }
  }

  /** The server sees to its own pages: `initdb --data-checksums`. */
  async check(): Promise<void> {
    await this.rows('SELECT 1 AS ready')
  }

  async backup(): Promise<void> {
    throw new VouchError('USAGE', {
      rule: 'a database server is not backed up from here',
      hint: 'use pg_dump or pg_basebackup: see docs/operators.md',
    })
  }

  close(): Promise<void> {
    return this.pool.end()
  }

  private async within<Result>(begin: string, work: (queries: Queries) => Promise<Result>): Promise<Result> {
    const client = await this.pool.connect().catch((error: unknown) => {
      throw postgresFailure(error)
    })
    let broken: Error | undefined
    const note = (error: Error): void => {
      broken = error
    }
    client.on('error', note)
    const queries = on(client)
    try {
      await queries.run(begin)
      const result = await work(queries)
      await queries.run('COMMIT')
      return result
    } catch (error) {
      if (isLost(error)) note(error)
      else await queries.run('ROLLBACK').catch(note)
      throw error
    } finally {
      client.off('error', note)
      client.release(broken)
    }
  }
}

/** Whether the server did not answer: the connection is of no use any more. */
const isLost = (error: unknown): error is VouchError =>
  error instanceof VouchError && error.code === 'STORAGE_FAILED'

/** Two numbers for an advisory lock: what it is for, and in which schema, for two registries may share a database. */
const LOCK_OF = (name: string): string =>
  `hashtext('vouch ${name.replaceAll(/[^a-z]/g, '')}'), hashtext(current_schema())`

/** A session that has an advisory lock, and shows the server that its process still runs. */
class HeldSession implements Hold {
  private readonly client: pg.Client
  private isOver = false
  private ping: NodeJS.Timeout | undefined

  constructor(client: pg.Client) {
    this.client = client
    const over = (): void => {
      this.isOver = true
    }
    client.on('error', over).on('end', over)
  }

  start(): this {
    this.ping = setInterval(() => void this.assertHeld().catch(() => undefined), PING_MS)
    this.ping.unref()
    return this
  }

  async assertHeld(): Promise<void> {
    const isThere =
      !this.isOver &&
      (await this.client.query('SELECT 1').then(
        () => true,
        () => false,
      ))
    if (isThere) return
    this.isOver = true
    clearInterval(this.ping)
    throw new VouchError('LOCKED', {
      rule: 'the database ended the session that had the lock',
      hint: 'another process may have it now: this one takes it again when it is free',
    })
  }

  async release(): Promise<void> {
    clearInterval(this.ping)
    await this.client.end().catch(() => undefined)
  }
}

type Asked = Pick<pg.Pool | pg.ClientBase, 'query'>

const on = (client: Asked): Queries => ({
  rows: async <Found extends Row>(text: string, ...values: readonly SqlValue[]) =>
    (await asked(client, text, values)).rows.map(plainRow) as unknown as readonly Found[],
  run: async (text, ...values) => (await asked(client, text, values)).rowCount ?? 0,
})

async function asked(client: Asked, text: string, values: readonly SqlValue[]): Promise<pg.QueryResult> {
  try {
    return await client.query(text.replaceAll('{bytes}', 'BYTEA'), [...values])
  } catch (error) {
    throw postgresFailure(error)
  }
}

/** Buffers share memory with their neighbours, and differ from other engines' bytes. */
const plainRow = (row: Record<string, unknown>): Row =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      (Buffer.isBuffer(value) ? new Uint8Array(value) : value) as SqlValue,
    ]),
  )
