import type { Queries, Row } from '@vouch/host/sql'
import { equalBytes, VouchError } from '@vouch/protocol'
import { decodeRecord, encodeRecord, type RegistryRecord, recordHash } from '@vouch/protocol/records'

interface RecordRow extends Row {
  readonly n: number
  readonly type: number
  readonly body: Uint8Array
  readonly hash: Uint8Array
}

/** The last record: what the next one follows. */
export interface Tip {
  readonly n: number
  readonly hash: Uint8Array
}

const START: Tip = { n: -1, hash: new Uint8Array(32) }
const PAGE = 1024

export async function tipOf(queries: Queries): Promise<Tip> {
  const [row] = await queries.rows<RecordRow>('SELECT n, hash FROM records ORDER BY n DESC LIMIT 1')
  return row ?? START
}

/** Appends a record, and answers with the new tip. Within a transaction: no other record comes between. */
export async function append(queries: Queries, tip: Tip, record: RegistryRecord): Promise<Tip> {
  const { type, body } = encodeRecord(record)
  const next = { n: tip.n + 1, hash: recordHash(tip.hash, type, body) }
  await queries.run(
    'INSERT INTO records (n, type, body, hash) VALUES ($1, $2, $3, $4)',
    next.n,
    type,
    body,
    next.hash,
  )
  return next
}

/** All records in order, read so many at a time. Each must follow from the one before it: what rotted, or was changed, does not. */
export async function* recordsOf(queries: Queries, page = PAGE): AsyncGenerator<RegistryRecord> {
  let tip = START
  for (;;) {
    const rows = await queries.rows<RecordRow>(
      'SELECT n, type, body, hash FROM records WHERE n > $1 ORDER BY n LIMIT $2',
      tip.n,
      page,
    )
    for (const { n, type, body, hash } of rows) {
      if (n !== tip.n + 1 || !equalBytes(hash, recordHash(tip.hash, type, body)))
        throw recordsBroken(tip.n + 1)
      yield decodeRecord(type, body)
      tip = { n, hash }
    }
    if (rows.length < page) return
  }
}

export function recordsBroken(n: number, rule = 'a record must follow from the one before it'): VouchError {
  return new VouchError('LOG_CORRUPT', {
    rule,
    given: `another at record ${n}`,
    hint: 'keep the database as it is, and restore the newest backup: see docs/operators.md',
  })
}
