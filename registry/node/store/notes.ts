import type { Queries, Row } from '@vouch/host/sql'
import type { Note } from '../../src/store.js'

interface NoteRow extends Row {
  readonly n: number
  readonly time: number
  readonly line: string
}

const KIND: Readonly<Record<Note['kind'], number>> = { decision: 1, refusal: 2 }

/** How long decisions are kept where the operator does not say: more than a year, so that a yearly audit finds the last one. */
export const AUDIT_DAYS = 400

/** Refusals that are kept, at the most: strangers cause as many as they like. */
const MAX_REFUSALS = 100_000

/** Notes between two looks at what is too old. */
const PRUNE_EVERY = 256

const DAY = 86_400
const PAGE = 1024

/** Keeps a note, and now and then lets go of those that are too old, or too many. */
export async function keepNote(queries: Queries, { time, kind, line }: Note, days: number): Promise<void> {
  const [last] = await queries.rows<{ n: number }>('SELECT n FROM notes ORDER BY n DESC LIMIT 1')
  const n = (last?.n ?? -1) + 1
  await queries.run(
    'INSERT INTO notes (n, time, kind, line) VALUES ($1, $2, $3, $4)',
    n,
    time,
    KIND[kind],
    line,
  )
  if (n % PRUNE_EVERY === 0) await prune(queries, time - days * DAY)
}

async function prune(queries: Queries, oldest: number): Promise<void> {
  for (const kind of Object.values(KIND))
    await queries.run('DELETE FROM notes WHERE kind = $1 AND time < $2', kind, oldest)
  const [first] = await queries.rows<{ n: number }>(
    'SELECT n FROM notes WHERE kind = $1 ORDER BY n DESC LIMIT 1 OFFSET $2',
    KIND.refusal,
    MAX_REFUSALS,
  )
  if (first !== undefined)
    await queries.run('DELETE FROM notes WHERE kind = $1 AND n <= $2', KIND.refusal, first.n)
}

/** Notes of a kind from a time on, in the order in which they came. */
export async function* notesOf(queries: Queries, kind: Note['kind'], since: number): AsyncGenerator<Note> {
  for (let after = -1; ; ) {
    const rows = await queries.rows<NoteRow>(
      'SELECT n, time, line FROM notes WHERE kind = $1 AND time >= $2 AND n > $3 ORDER BY n LIMIT $4',
      KIND[kind],
      since,
      after,
      PAGE,
    )
    for (const { time, line } of rows) yield { time, kind, line }
    const last = rows.at(-1)
    if (last === undefined || rows.length < PAGE) return
    after = last.n
  }
}
