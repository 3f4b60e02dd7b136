import {
  type Database,
  isServerUrl,
  type Migrations,
  migrate,
  openFileDatabase,
  openServerDatabase,
  type Queries,
} from '@vouch/host/sql'
import { assertRoomToRemember, type SeenStore } from '../src/seen.js'

const SCHEMA: Migrations = [
  `
  CREATE TABLE seen (
    challenge {bytes} PRIMARY KEY,
    until BIGINT NOT NULL
  );
  CREATE INDEX seen_until ON seen (until)
  `,
]

const CAPACITY = 100_000
/** Answers between two counts of what is remembered. */
const COUNT_EVERY = 256

/** A store that is closed with its database. */
export interface SharedSeen extends SeenStore {
  close(): Promise<void>
}

/**
 * A store that several processes share: those of one machine in a file, those of several on a server, by its `postgres://…`
 * address. The database says who was first.
 */
export async function openSeen(where: string, { capacity = CAPACITY } = {}): Promise<SharedSeen> {
  const database = await (isServerUrl(where) ? openServerDatabase(where) : openFileDatabase(where))
  try {
    await migrate(database, SCHEMA)
  } catch (error) {
    await database.close()
    throw error
  }
  return new DatabaseSeen(database, capacity)
}

class DatabaseSeen implements SharedSeen {
  private readonly database: Database
  private readonly capacity: number
  /** How many more this process notes before it makes room and counts again. */
  private uncounted = 0

  constructor(database: Database, capacity: number) {
    this.database = database
    this.capacity = capacity
  }

  consume(challenge: Uint8Array, until: number, now: number): Promise<boolean> {
    return this.database.transaction(async (queries) => {
      const known = await queries.rows('SELECT until FROM seen WHERE challenge = $1', challenge)
      if (known.length > 0) return false
      if (this.uncounted-- <= 0) await this.makeRoom(queries, now)
      await queries.run('INSERT INTO seen (challenge, until) VALUES ($1, $2)', challenge, until)
      return true
    })
  }

  close(): Promise<void> {
    return this.database.close()
  }

  /** Forgets what is over. Near its capacity a store counts each time, and other processes fill it too: hence the division. */
  private async makeRoom(queries: Queries, now: number): Promise<void> {
    await queries.run('DELETE FROM seen WHERE until < $1', now)
    const [row] = await queries.rows<{ count: number }>('SELECT count(*) AS count FROM seen')
    const room = this.capacity - (row?.count ?? 0)
    assertRoomToRemember(this.capacity - room, this.capacity)
    this.uncounted = Math.min(COUNT_EVERY, Math.floor(room / COUNT_EVERY))
  }
}
