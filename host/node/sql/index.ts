// One port to SQL databases, and its two engines. Each is loaded when it is opened, and not before.

import { VouchError } from '@vouch/protocol'
import type { Database } from './database.js'
import type { SqliteOptions } from './sqlite.js'

export type { Database, Hold, Migrations, Queries, Row, SqlValue } from './database.js'
export { assertSchema, migrate } from './migrate.js'
export type { SqliteOptions } from './sqlite.js'

/** Opens the SQLite database in a file, which is made where there is none. */
export async function openFileDatabase(path: string, options?: SqliteOptions): Promise<Database> {
  const { openSqlite } = await import('./sqlite.js')
  return openSqlite(path, options)
}

/** Whether a text names a database server; its password must not be printed. */
export const isServerUrl = (where: string): boolean => /^postgres(ql)?:\/\//.test(where)

/** Opens the PostgreSQL database that a URL names. */
export async function openServerDatabase(url: string): Promise<Database> {
  if (!isServerUrl(url)) {
    throw new VouchError('USAGE', {
      rule: 'the address of a database server must start with postgres://',
      hint: 'such as postgres://vouch@db.internal/vouch; the password belongs into PGPASSFILE',
    })
  }
  const { openPostgres } = await import('./postgres.js')
  return openPostgres(url)
}
