import { join } from 'node:path'
import { renameDurably } from '@vouch/host/node'
import {
  type Database,
  migrate,
  openFileDatabase,
  openServerDatabase,
  type Queries,
  type Row,
} from '@vouch/host/sql'
import { type Hasher, VouchError } from '@vouch/protocol'
import { type HeadRow, headRow } from './heads.js'
import { DATABASE, keepStore, refuseRegistry } from './open-registry.js'
import { Replay } from './rebuild.js'
import { append, recordsOf, tipOf } from './records.js'
import { SCHEMA } from './schema.js'

export interface Moved {
  readonly members: number
  readonly seq: number
}

/**
 * Moves a registry out of its folder's file onto a database server: every record, its evidence, heads with their signatures, and
 * the audit. What follows from records is made anew there, and each head must come out with its root. The file stays, under
 * another name.
 */
export async function moveRegistry(folder: string, store: string, hash: Hasher): Promise<Moved> {
  await refuseRegistry(folder, { store, isImport: true })
  const path = join(folder, DATABASE)
  const from = await openFileDatabase(path)
  const writer = await from.hold('writer')
  try {
    if (writer === undefined)
      throw new VouchError('LOCKED', {
        rule: 'another process has this registry open for writing',
        hint: 'end that process first: what it admits meanwhile would be missing',
      })
    const moved = await movedTo(store, from, hash)
    await keepStore(folder, { store })
    await renameDurably(path, `${path}.moved`)
    return moved
  } finally {
    await writer?.release()
    await from.close()
  }
}

async function movedTo(store: string, from: Database, hash: Hasher): Promise<Moved> {
  const to = await openServerDatabase(store)
  try {
    await migrate(to, SCHEMA)
    return await to.transaction((queries) => copied(from, queries, hash))
  } finally {
    await to.close()
  }
}

async function copied(from: Queries, to: Queries, hash: Hasher): Promise<Moved> {
  const heads = new Map<number, HeadRow>()
  const replay = new Replay(to, hash, (seq) => heads.get(seq))
  let tip = await tipOf(to)
  let [members, seq, count] = [0, 0, 0]
  for await (const record of recordsOf(from)) {
    if (record.kind === 'admission') await copyEvidence(from, to, members++)
    if (record.kind === 'head') {
      seq = record.head.content.seq
      const row = await headRow(from, seq)
      heads.clear()
      if (row !== undefined) heads.set(seq, row)
    }
    tip = await append(to, tip, record)
    await replay.take(record, count++)
  }
  replay.finish(count)
  await copyNotes(from, to)
  return { members, seq }
}

async function copyEvidence(from: Queries, to: Queries, number: number): Promise<void> {
  const [row] = await from.rows<{ body: Uint8Array }>('SELECT body FROM evidence WHERE number = $1', number)
  if (row === undefined) return // the replay says what is missing
  await to.run('INSERT INTO evidence (number, body) VALUES ($1, $2)', number, row.body)
}

async function copyNotes(from: Queries, to: Queries): Promise<void> {
  for (let after = -1; ; ) {
    const rows = await from.rows<NoteCopy>(
      'SELECT n, time, kind, line FROM notes WHERE n > $1 ORDER BY n LIMIT $2',
      after,
      PAGE,
    )
    for (const { n, time, kind, line } of rows)
      await to.run('INSERT INTO notes (n, time, kind, line) VALUES ($1, $2, $3, $4)', n, time, kind, line)
    const last = rows.at(-1)
    if (last === undefined) return
    after = last.n
  }
}

interface NoteCopy extends Row {
  readonly n: number
  readonly time: number
  readonly kind: number
  readonly line: string
}

const PAGE = 1024
