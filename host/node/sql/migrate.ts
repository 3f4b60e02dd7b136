import { VouchError } from '@vouch/protocol'
import type { Database, Migrations, Queries } from './database.js'

/** Brings a database to the schema of this release, in one transaction. A database of a newer release is refused. */
export async function migrate(database: Database, migrations: Migrations): Promise<void> {
  if ((await versionOf(database)) === migrations.length) return
  await database.transaction(async (queries) => {
    await queries.run('CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)')
    const version = await versionOf(queries)
    refuseNewer(version, migrations.length)
    for (const migration of migrations.slice(version))
      for (const statement of statementsOf(migration)) await queries.run(statement)
    await queries.run('DELETE FROM schema_version')
    await queries.run('INSERT INTO schema_version (version) VALUES ($1)', migrations.length)
  })
}

/** Refuses a database that has another schema than this release's: for readers, who change nothing. */
export async function assertSchema(database: Queries, migrations: Migrations): Promise<void> {
  const version = await versionOf(database)
  refuseNewer(version, migrations.length)
  if (version === migrations.length) return
  throw new VouchError('VERSION_UNKNOWN', {
    rule: 'the database has the schema of an older release',
    given: `version ${version} of ${migrations.length}`,
    hint: 'start the registrar once with this release: it brings the schema up to date',
  })
}

async function versionOf(queries: Queries): Promise<number> {
  try {
    const [row] = await queries.rows<{ version: number }>('SELECT version FROM schema_version')
    return row?.version ?? 0
  } catch (error) {
    if (error instanceof VouchError && error.code === 'FILE_NOT_FOUND') return 0
    throw error
  }
}

function refuseNewer(version: number, known: number): void {
  if (version <= known) return
  throw new VouchError('VERSION_UNKNOWN', {
    rule: 'the database has the schema of a newer release',
    given: `version ${version}; this release knows ${known}`,
    hint: 'use the newer release: an older one would not know what it must not forget',
  })
}

const statementsOf = (migration: string): readonly string[] =>
  migration
    .split(';')
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
