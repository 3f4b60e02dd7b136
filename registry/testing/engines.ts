import { join } from 'node:path'
import { type Database, openFileDatabase, openServerDatabase, type Row, type SqlValue } from '@vouch/host/sql'
import { type PostgresServer, postgresPrograms, startPostgres } from '@vouch/host/testing/postgres'
import { afterAll, beforeAll, type TestContext } from 'vitest'
import { needs } from '../../test/support/needs.js'
import { createRegistry, type OpenOptions, openRegistry } from '../node/store/index.js'
import type { Registry } from '../src/store.js'
import { ID, NOW, SIGNER } from './members.js'
import { scratch } from './registries.js'

// What holds for a registry holds on every engine.

/** A registry that is there, and where. */
export interface Place {
  readonly folder: string
  /** Where it is kept, if not in the folder. */
  readonly store: string | undefined
  open(options?: Partial<OpenOptions>): Promise<Registry>
  /** Changes the database past every rule of the registry's. */
  tamper(text: string, ...values: readonly SqlValue[]): Promise<void>
  /** Looks into the database itself. */
  rows(text: string): Promise<readonly Row[]>
  /** Opens it for some work, and closes it after. */
  using<Result>(
    work: (registry: Registry) => Promise<Result>,
    options?: Partial<OpenOptions>,
  ): Promise<Result>
}

export type Engine = (context: TestContext) => Promise<Place>

let server: PostgresServer | undefined
let count = 0

/** Starts the server that the tests of a file share, where the machine has one. */
export function withServer(): { readonly server: () => PostgresServer } {
  beforeAll(async () => {
    if (postgresPrograms() !== undefined) server = await startPostgres({ settings: { fsync: 'off' } })
  }, 120_000)
  afterAll(() => server?.stop())
  return {
    server: () => {
      if (server === undefined) throw new Error('no server')
      return server
    },
  }
}

const now = () => NOW

async function newPlace(store: string | undefined): Promise<Place> {
  const folder = join(scratch(), 'registry')
  await createRegistry(folder, { id: ID, signer: SIGNER, now, store })
  const within = async <Result>(work: (database: Database) => Promise<Result>): Promise<Result> => {
    const database = await (store === undefined
      ? openFileDatabase(join(folder, 'registry.db'))
      : openServerDatabase(store))
    try {
      return await work(database)
    } finally {
      await database.close()
    }
  }
  const open: Place['open'] = (options) => openRegistry(folder, { now, signer: SIGNER, ...options })
  return {
    folder,
    store,
    open,
    tamper: async (text, ...values) => {
      await within((database) => database.run(text, ...values))
    },
    rows: (text) => within((database) => database.rows(text)),
    using: async (work, options) => {
      const registry = await open(options)
      try {
        return await work(registry)
      } finally {
        await registry.close()
      }
    },
  }
}

export const ENGINES: Readonly<Record<'sqlite' | 'postgres', Engine>> = {
  sqlite: () => newPlace(undefined),
  postgres: async (context) => {
    needs.postgres(context)
    return newPlace(server?.database(`registry${count++}`))
  },
}
