import { existsSync } from 'node:fs'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import {
  backup,
  DatabaseSync,
  type DatabaseSyncInstance,
  type StatementSyncInstance,
} from '@photostructure/sqlite'
import { VouchError } from '@vouch/protocol'
import { Turns } from '../../src/turns.js'
import { notWritten, renameDurably } from '../files/files.js'
import type { Database, Hold, Queries, Row, SqlValue } from './database.js'
import { isFatal, sqliteFailure } from './sqlite-failures.js'

// SQLite, embedded: one file, with a write-ahead log beside it. A commit returns when it survives a power cut.

/** How long a transaction waits for another process that is just writing, and how often it looks again. */
const PATIENCE_MS = 10_000
const LOOK_MS = 5

export interface SqliteOptions {
  /** Opens it for reading alone: writes nothing, also on a disk that is full or cannot be written to. */
  readonly readOnly?: boolean
}

/** Opens the database in a file; makes the file where there is none, readable by its owner alone. */
export async function openSqlite(path: string, { readOnly = false }: SqliteOptions = {}): Promise<Database> {
  try {
    const reading = readOnly ? openReader(path) : undefined
    if (reading !== undefined) return new SqliteDatabase(path, undefined, reading)
    const writing = new DatabaseSync(path, { timeout: PATIENCE_MS })
    await chmod(path, 0o600)
    writing.exec('PRAGMA journal_mode = WAL')
    writing.exec('PRAGMA synchronous = FULL')
    writing.exec('PRAGMA busy_timeout = 0') // see `begun`
    return new SqliteDatabase(path, writing, openReader(path))
  } catch (error) {
    throw sqliteFailure(error)
  }
}

/** A connection that changes nothing. Without a log beside it the file is not being written to, and needs no files beside it. */
function openReader(path: string): DatabaseSyncInstance {
  const isAlone = !existsSync(`${path}-wal`)
  try {
    return opened(path)
  } catch (error) {
    if (!isAlone) throw error
    const alone = pathToFileURL(path)
    alone.searchParams.set('mode', 'ro')
    alone.searchParams.set('immutable', '1')
    return opened(alone)
  }
}

function opened(where: string | URL): DatabaseSyncInstance {
  const connection = new DatabaseSync(where, { readOnly: true, timeout: PATIENCE_MS })
  connection.prepare('SELECT count(*) AS tables FROM sqlite_schema').get() // where the disk refuses, it refuses here
  return connection
}

class SqliteDatabase implements Database {
  readonly engine = 'sqlite'
  private readonly turns = new Turns()
  private readonly moments = new Turns()
  private moment: Connection | undefined
  private readonly path: string
  private readonly writing: Connection | undefined
  private readonly reading: Connection
  private end: (error: VouchError) => void = () => undefined
  private broken: VouchError | undefined
  readonly lost = new Promise<VouchError>((resolve) => {
    this.end = resolve
  })

  constructor(path: string, writing: DatabaseSyncInstance | undefined, reading: DatabaseSyncInstance) {
    this.path = path
    const onFatal = (error: VouchError): void => {
      this.broken = error
      this.end(error)
    }
    this.writing = writing && new Connection(writing, onFatal)
    this.reading = new Connection(reading, onFatal)
  }

  async rows<Found extends Row>(text: string, ...values: readonly SqlValue[]): Promise<readonly Found[]> {
    return this.reading.rows(text, ...values)
  }

  async run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.transaction((queries) => queries.run(text, ...values))
  }

  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result> {
    return this.turns.take(async () => {
      if (this.broken !== undefined) throw this.broken
      if (this.writing === undefined) throw onlyRead()
      return within(this.writing, 'BEGIN IMMEDIATE', work)
    })
  }

  /**
   * On one connection of its own, in turn: other readers of this process are not to be drawn into its moment, and the driver
   * keeps a closed connection until its memory is collected.
   */
  async snapshot<Result>(read: (queries: Queries) => Promise<Result>): Promise<Result> {
    return this.moments.take(() => {
      this.moment ??= new Connection(openReader(this.path), () => undefined)
      return within(this.moment, 'BEGIN', read)
    })
  }

  /** A file of its own, locked by the kernel: it is released when the process dies, in containers too. */
  async hold(name: string): Promise<Hold | undefined> {
    const file = new DatabaseSync(`${this.path}.${name}`, { timeout: 0 })
    try {
      await chmod(`${this.path}.${name}`, 0o600)
      file.exec('BEGIN EXCLUSIVE')
    } catch (error) {
      file.close()
      const failure = sqliteFailure(error)
      if (failure.code === 'LOCKED') return undefined
      throw failure
    }
    return { assertHeld: async () => undefined, release: async () => file.close() }
  }

  async check(): Promise<void> {
    const found = await this.reading.rows<{ integrity_check: string }>('PRAGMA integrity_check')
    const [first] = found
    if (first?.integrity_check === 'ok') return
    throw new VouchError('LOG_CORRUPT', {
      rule: 'the pages of the database are damaged',
      given: `${found.length} findings, the first: ${first?.integrity_check}`,
      hint: 'keep the file as it is, and restore the newest backup: see docs/operators.md',
    })
  }

  /** Under another name first: a copy that was cut short is no backup. */
  async backup(path: string): Promise<void> {
    const draft = `${path}.part`
    await emptyFile(draft).catch((error) => {
      throw notWritten(path, error)
    })
    try {
      await backup(this.reading.database, draft)
      const copy = new DatabaseSync(draft)
      copy.exec('PRAGMA journal_mode = DELETE') // one file, with no log beside it
      copy.close()
      await renameDurably(draft, path)
    } catch (error) {
      await rm(draft, { force: true })
      throw error instanceof VouchError ? error : sqliteFailure(error)
    }
  }

  close(): Promise<void> {
    return this.turns.take(async () => {
      // The driver lets go of statements when it collects them, and the engine keeps its log until then: it is emptied here.
      if (this.broken === undefined) this.writing?.database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
      for (const one of [this.moment, this.reading, this.writing]) one?.close()
    })
  }
}

/** For its owner alone from the start: a registry names machines. */
async function emptyFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await writeFile(path, '', { mode: 0o600, flag: 'wx' })
}

/** One connection, with its statements prepared once. */
class Connection implements Queries {
  readonly database: DatabaseSyncInstance
  private readonly prepared = new Map<string, StatementSyncInstance>()
  private readonly onFatal: (error: VouchError) => void

  constructor(database: DatabaseSyncInstance, onFatal: (error: VouchError) => void) {
    this.database = database
    this.onFatal = onFatal
  }

  async rows<Found extends Row>(text: string, ...values: readonly SqlValue[]): Promise<readonly Found[]> {
    return this.guarded(() => this.statement(text).all(named(values)) as unknown as readonly Found[])
  }

  async run(text: string, ...values: readonly SqlValue[]): Promise<number> {
    return this.guarded(() => Number(this.statement(text).run(named(values)).changes))
  }

  close(): void {
    this.database.close()
  }

  private statement(text: string): StatementSyncInstance {
    const known = this.prepared.get(text) ?? this.database.prepare(text.replaceAll('{bytes}', 'BLOB'))
    this.prepared.set(text, known)
    return known
  }

  private guarded<Result>(work: () => Result): Result {
    try {
      return work()
    } catch (error) {
      const failure = sqliteFailure(error)
      if (isFatal(error)) this.onFatal(failure)
      throw failure
    }
  }
}

const named = (values: readonly SqlValue[]): Record<string, SqlValue> =>
  Object.fromEntries(values.map((value, i) => [`$${i + 1}`, value]))

/** All of the work, or nothing of it. */
async function within<Result>(
  connection: Connection,
  begin: string,
  work: (queries: Queries) => Promise<Result>,
): Promise<Result> {
  await begun(connection, begin)
  try {
    const result = await work(connection)
    await connection.run('COMMIT')
    return result
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined) // the engine has done so already where the disk failed
    throw error
  }
}

/** Begins when no other process writes. The engine would wait too, and this process with it: it answers nothing meanwhile. */
async function begun(connection: Connection, begin: string): Promise<void> {
  for (const until = Date.now() + PATIENCE_MS; ; ) {
    try {
      await connection.run(begin)
      return
    } catch (error) {
      const isBusy = error instanceof VouchError && error.code === 'LOCKED'
      if (!isBusy || Date.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
}

function onlyRead(): VouchError {
  return new VouchError('INTERNAL', { rule: 'a reader must not write to the database' })
}
