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
import { headRow } from './heads.js'
import { DATABASE, keepStore, refuseRegistry } from './open-registry.js'
import { recordsOf } from './records.js'
import { SCHEMA } from './schema.js'
import { Transfer, type Transferred } from './transfer.js'

/**
 * Moves a registry out of its folder's file onto a database server: every record, its evidence, heads with their signatures, and
 * the audit. What follows from records is made anew there, and each head must come out with its root. The file stays, under
 * another name.
 */
export async function moveRegistry(folder: string, store: string, hash: Hasher): Promise<Transferred> {
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

async function movedTo(store: string, from: Database, hash: Hasher): Promise<Transferred> {
  const to = await openServerDatabase(store)
  try {
    await migrate(to, SCHEMA)
    return await to.transaction((queries) => copyAll(from, queries, hash))
  } finally {
    await to.close()
  }
}

async function copyAll(from: Queries, to: Queries, hash: Hasher): Promise<Transferred> {
  const transfer = new Transfer(to, hash)
  let members = 0
  for await (const record of recordsOf(from)) {
    const evidence = record.kind === 'admission' ? await evidenceIn(from, members++) : undefined
    const head = record.kind === 'head' ? await headRow(from, record.head.content.seq) : undefined
    await transfer.take(record, { evidence, head })
  }
  const transferred = transfer.finish()
  await copyNotes(from, to)
  return transferred
}

async function evidenceIn(from: Queries, number: number): Promise<Uint8Array | undefined> {
  const [row] = await from.rows<{ body: Uint8Array }>('SELECT body FROM evidence WHERE number = $1', number)
  return row?.body
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
