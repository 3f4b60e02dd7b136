import type { Queries, Row } from '@vouch/host/sql'
import {
  changeBytes,
  equalBytes,
  type Hasher,
  type Head,
  type HeadContent,
  headContentCodec,
  MAX_CHANGES,
  type PlaceChange,
  signedHead,
  toInteger,
  VouchError,
} from '@vouch/protocol'
import { decode, encode } from '@vouch/protocol/codec'
import { nextHeadContent } from '../../src/heads.js'
import { settlePlaces } from './places.js'
import { append, tipOf } from './records.js'

export interface HeadRow extends Row {
  readonly seq: number
  readonly content: Uint8Array
  readonly changes: Uint8Array
  readonly signer: Uint8Array | null
  readonly signature: Uint8Array | null
}

const SELECT = 'SELECT seq, content, changes, signer, signature FROM heads'

export const contentIn = ({ content }: HeadRow): HeadContent => decode(headContentCodec, content, 'head')

/** A head whose signature is kept. The signature is judged by every reader, and by `registrar rebuild`. */
export function headIn(row: HeadRow): Head | undefined {
  const { signer, signature } = row
  if (signer === null || signature === null) return undefined
  return { version: 1, ...contentIn(row), signer, signature }
}

/** The newest head, signed or not. */
export async function newestHead(queries: Queries): Promise<HeadRow | undefined> {
  const [row] = await queries.rows<HeadRow>(`${SELECT} ORDER BY seq DESC LIMIT 1`)
  return row
}

/** The head with a number. */
export async function headRow(queries: Queries, seq: number): Promise<HeadRow | undefined> {
  const [row] = await queries.rows<HeadRow>(`${SELECT} WHERE seq = $1`, seq)
  return row
}

/** The newest head that is signed. */
export async function newestSigned(queries: Queries): Promise<Head> {
  const [row] = await queries.rows<HeadRow>(`${SELECT} WHERE signature IS NOT NULL ORDER BY seq DESC LIMIT 1`)
  const head = row && headIn(row)
  if (head !== undefined) return head
  throw new VouchError('HEAD_MISSING', { rule: 'a registry must have a head' })
}

export async function headsFrom(queries: Queries, from: number, limit: number): Promise<readonly Head[]> {
  const rows = await queries.rows<HeadRow>(
    `${SELECT} WHERE seq >= $1 AND signature IS NOT NULL ORDER BY seq LIMIT $2`,
    from,
    limit,
  )
  return rows.flatMap((row) => headIn(row) ?? [])
}

export interface Cutting {
  readonly registryId: Uint8Array
  readonly hash: Hasher
  readonly now: number
  /** Numbers of members that are removed with this head. No earlier root stands then. */
  readonly removing?: readonly number[]
  readonly evenIfUnchanged: boolean
}

/**
 * Records what the next head says, without its signature, and brings the registry's places up to it. The record comes first: of two
 * processes that both believe to be the signer, both sign these very bytes. Answers what has become of it.
 */
export async function recordHead(
  queries: Queries,
  cutting: Cutting,
): Promise<'unchanged' | 'recorded' | 'recorded, with more to come'> {
  const { registryId, hash, now, removing, evenIfUnchanged } = cutting
  const newest = await newestHead(queries)
  const before = newest && contentIn(newest)
  const time = Math.max(now, before?.time ?? 0)
  const size = before?.size ?? 0
  const settled = await settlePlaces(queries, { hash, time, size, empties: true, removing: removing ?? [] })
  const isChanged = settled.isMoved || removing !== undefined || before === undefined
  if (!isChanged && !evenIfUnchanged) return 'unchanged'
  const content = nextHeadContent({
    registryId,
    before,
    size: settled.size,
    root: toInteger(settled.root),
    refusesEarlierRoots: removing !== undefined,
    now: time,
  })
  await append(queries, await tipOf(queries), { kind: 'head', head: { content, empties: true } })
  await keepHead(queries, content, changesOf(content, settled.changes))
  return settled.hasMore ? 'recorded, with more to come' : 'recorded'
}

/** What a reader needs to undo a head: nothing where no earlier root stands, or where the head changed more than may be said. */
export const changesOf = ({ previousRoot }: HeadContent, changes: readonly PlaceChange[]): Uint8Array =>
  changeBytes(previousRoot === 0n || changes.length > MAX_CHANGES ? [] : changes)

/** Keeps a head's content. Its number is taken once: no second head has it. */
export async function keepHead(queries: Queries, content: HeadContent, changes: Uint8Array): Promise<void> {
  const bytes = encode(headContentCodec, content, 'head')
  await queries.run(
    'INSERT INTO heads (seq, content, changes) VALUES ($1, $2, $3)',
    content.seq,
    bytes,
    changes,
  )
}

/** Keeps the signature of a head that has none; refuses one that does not hold. */
export async function keepSignature(
  queries: Queries,
  row: HeadRow,
  signer: Uint8Array,
  signature: Uint8Array,
): Promise<Head> {
  const head = signedHead(contentIn(row), signer, signature)
  await queries.run(
    'UPDATE heads SET signer = $1, signature = $2 WHERE seq = $3 AND content = $4 AND signature IS NULL',
    signer,
    signature,
    row.seq,
    row.content,
  )
  // Another process may have signed the same bytes. Where the database came back without them, nothing was signed for it.
  const kept = await headRow(queries, row.seq)
  if (kept !== undefined && equalBytes(kept.content, row.content)) return headIn(kept) ?? head
  throw new VouchError('LOG_CORRUPT', {
    rule: 'the database no longer has the head that was signed',
    given: `head ${row.seq}`,
    hint: 'a replica without the last commits was promoted: see docs/operators.md',
  })
}
