import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PostgresServer, postgresPrograms, startPostgres } from '../host/testing/postgres.js'
import { runWorker } from './worker.js'

// What the store alone takes: members that are found good already, and heads. Each row is of processes of their own.

export interface StorePlan {
  /** How many members each process admits, for each number at once. */
  readonly members: number
  /** Places that a head empties, and the next one gives to others. */
  readonly reused: number
}

export type StoreJob =
  | { readonly kind: 'make'; readonly folder: string; readonly store?: string | undefined }
  | {
      readonly kind: 'admit'
      readonly folder: string
      readonly first: number
      readonly count: number
      readonly atOnce: number
    }
  | { readonly kind: 'reuse'; readonly folder: string; readonly count: number }

/** Milliseconds: a head that empties so many places, and the one that gives them to others. */
export interface Reused {
  readonly places: number
  readonly emptying: number
  readonly refilling: number
}

export interface StoreRow {
  readonly engine: 'SQLite' | 'PostgreSQL'
  readonly processes: number
  readonly atOnce: number
  /** Admissions a second, of all processes together. */
  readonly rate: number
}

export interface StoreResults {
  readonly rows: readonly StoreRow[]
  readonly reused: Reused
}

const AT_ONCE = [1, 8, 100] as const

export async function measureStore(
  { members, reused }: StorePlan,
  say: (line: string) => void,
): Promise<StoreResults> {
  const scratch = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  let server: PostgresServer | undefined
  try {
    say('store: SQLite')
    const rows = await measureEngine('SQLite', join(scratch, 'sqlite'), undefined, members, [1])
    if (postgresPrograms() === undefined) say('store: no PostgreSQL is installed: its rows are left out')
    else {
      say('store: PostgreSQL, by one process and by two')
      server = await startPostgres()
      rows.push(
        ...(await measureEngine('PostgreSQL', join(scratch, 'postgres'), server.url, members, [1, 2])),
      )
    }
    say(`store: give ${reused} places to others`)
    const folder = join(scratch, 'reuse')
    await run({ kind: 'make', folder })
    return { rows, reused: await run<Reused>({ kind: 'reuse', folder, count: reused }) }
  } finally {
    await server?.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function measureEngine(
  engine: StoreRow['engine'],
  folder: string,
  store: string | undefined,
  members: number,
  processes: readonly number[],
): Promise<StoreRow[]> {
  await run({ kind: 'make', folder, store })
  const rows: StoreRow[] = []
  let first = 0
  for (const count of processes) {
    for (const atOnce of AT_ONCE) {
      const jobs = Array.from({ length: count }, (_, i) => {
        const job = { kind: 'admit', folder, first: first + i * members, count: members, atOnce } as const
        return run<number>(job)
      })
      first += count * members
      const longest = Math.max(...(await Promise.all(jobs)))
      rows.push({ engine, processes: count, atOnce, rate: (1000 * count * members) / longest })
    }
  }
  return rows
}

const run = async <Answer>(job: StoreJob): Promise<Answer> =>
  (await runWorker<Answer>('store-worker.ts', job)).answer
