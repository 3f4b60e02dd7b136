import type { Queries, Row } from '@vouch/host/sql'
import {
  BUCKET_LEAVES,
  bucketRoot,
  EMPTY_LEAF,
  equalBytes,
  type Hasher,
  type LeafContent,
  leafOf,
  MAX_CHANGES,
  type PlaceChange,
  REGISTRY_DEPTH,
  rootOfBuckets,
  toInteger,
  VouchError,
} from '@vouch/protocol'
import { STATE } from './schema.js'

/** Most places that one head gives back. */
const MAX_EMPTIED = MAX_CHANGES / 2

/** Places that a registry has: how many members are in force at one time. */
export const CAPACITY = 2 ** REGISTRY_DEPTH

interface PlaceRow extends Row {
  readonly number: number
  readonly credential: Uint8Array
  readonly policy_id: Uint8Array
  readonly expires_at: number
  readonly place: number
  readonly state: number
}

/** What the next head makes of the registry's places. */
export interface Settled {
  readonly size: number
  readonly root: Uint8Array
  readonly changes: readonly PlaceChange[]
  /** Whether some have to wait for the next head: one head changes so many places and no more. */
  readonly hasMore: boolean
  /** Whether anything is other than before, be it that a place is free: a head must say so, or a rebuild would not know when. */
  readonly isMoved: boolean
}

export interface Settling {
  readonly hash: Hasher
  /** The head's time: what has expired by then gives its place back. */
  readonly time: number
  /** Places that were in use at the head before. */
  readonly size: number
  readonly empties: boolean
  /** Numbers of members that are removed. */
  readonly removing: readonly number[]
}

/**
 * Brings places up to a head: removed members and expired ones leave theirs, waiting members get the lowest that are free.
 * Within the head's own transaction. The order follows from the records alone, so that a rebuild comes to the same tree.
 */
export async function settlePlaces(queries: Queries, settling: Settling): Promise<Settled> {
  const leaving = await leavingNow(queries, settling)
  const lapsed = await lapse(queries, settling)
  const limit = settling.empties ? Math.max(0, MAX_CHANGES - leaving.length) : CAPACITY
  const arriving = await arrivingNow(queries, settling, limit)
  const hasMore = arriving.length === limit || leaving.length >= MAX_EMPTIED
  const size = Math.max(settling.size, ...arriving.slice(-1).map(({ place }) => place + 1))
  const next = new Map<number, LeafContent | undefined>(
    leaving.filter(({ state }) => state === STATE.published).map(({ place }) => [place, undefined]),
  )
  for (const one of arriving) next.set(one.place, contentOf(one))
  const changes = await changeBuckets(queries, settling.hash, next)

  for (const one of leaving) {
    const isRemoved = settling.removing.includes(one.number)
    await queries.run(
      'UPDATE members SET state = $1 WHERE number = $2',
      isRemoved ? STATE.withdrawn : STATE.over,
      one.number,
    )
    if (!isRemoved) await queries.run('INSERT INTO free_places (place) VALUES ($1)', one.place)
  }
  for (const { number, place } of arriving) {
    await queries.run('DELETE FROM free_places WHERE place = $1', place)
    await queries.run(
      'UPDATE members SET state = $1, place = $2 WHERE number = $3',
      STATE.published,
      place,
      number,
    )
  }
  const rows = await queries.rows<{ root: Uint8Array }>('SELECT root FROM buckets ORDER BY number')
  return {
    size,
    root: rootOfBuckets(
      settling.hash,
      rows.map(({ root }) => root),
    ),
    changes,
    hasMore,
    isMoved: leaving.length + arriving.length + lapsed > 0,
  }
}

/** Members that have a place and lose it now: removed ones, and as many expired ones as one head may change. */
async function leavingNow(
  queries: Queries,
  { time, empties, removing }: Settling,
): Promise<readonly PlaceRow[]> {
  const removed: PlaceRow[] = []
  for (const number of removing)
    removed.push(...(await placesWhere(queries, 'number = $1 AND state = $2', number, STATE.published)))
  if (!empties) return removed
  const expired = await placesWhere(
    queries,
    `state IN (${STATE.published}, ${STATE.withdrawn}) AND expires_at < $1 ORDER BY expires_at, number LIMIT $2`,
    time,
    MAX_EMPTIED,
  )
  return [...removed, ...expired.filter(({ number }) => !removing.includes(number))]
}

/** Gives up members that expired while they waited: they get no place. Answers with how many. */
async function lapse(queries: Queries, { time, empties }: Settling): Promise<number> {
  if (!empties) return 0
  return queries.run(
    'UPDATE members SET state = $1 WHERE state = $2 AND expires_at < $3',
    STATE.over,
    STATE.waiting,
    time,
  )
}

/** Members that wait, with the places that they get. */
async function arrivingNow(
  queries: Queries,
  { size }: Settling,
  limit: number,
): Promise<readonly PlaceRow[]> {
  const waiting = await queries.rows<PlaceRow>(
    'SELECT number, credential, policy_id, expires_at, state FROM members WHERE state = $1 ORDER BY number LIMIT $2',
    STATE.waiting,
    limit,
  )
  const free = await queries.rows<{ place: number }>(
    'SELECT place FROM free_places ORDER BY place LIMIT $1',
    waiting.length,
  )
  return waiting
    .map((member, i) => ({ ...member, place: free[i]?.place ?? size + i - free.length }))
    .filter(({ place }) => place < CAPACITY)
}

const placesWhere = (
  queries: Queries,
  condition: string,
  ...values: readonly number[]
): Promise<readonly PlaceRow[]> =>
  queries.rows<PlaceRow>(
    `SELECT number, credential, policy_id, expires_at, place, state FROM members WHERE ${condition}`,
    ...values,
  )

/** Members whose leaves are in a bucket, by their places. */
export function placesOfBucket(queries: Queries, number: number): Promise<readonly PlaceRow[]> {
  const from = number * BUCKET_LEAVES
  return placesWhere(
    queries,
    `state = ${STATE.published} AND place >= $1 AND place < $2 ORDER BY place`,
    from,
    from + BUCKET_LEAVES,
  )
}

export const contentOf = (row: PlaceRow): LeafContent => ({
  credential: toInteger(row.credential),
  policyId: toInteger(row.policy_id),
  expiresAt: row.expires_at,
})

/** Lets other work of this process go on: a bucket takes some ten milliseconds, and a head may change hundreds of them. */
const others = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Sets leaves, and answers with those that were there before. */
async function changeBuckets(
  queries: Queries,
  hash: Hasher,
  next: ReadonlyMap<number, LeafContent | undefined>,
): Promise<readonly PlaceChange[]> {
  const changes: PlaceChange[] = []
  const numbers = new Set([...next.keys()].map((place) => Math.floor(place / BUCKET_LEAVES)))
  for (const number of numbers) {
    await others()
    const leaves = await leavesIn(queries, hash, number)
    for (const [place, content] of next) {
      if (Math.floor(place / BUCKET_LEAVES) !== number) continue
      const at = place % BUCKET_LEAVES
      while (leaves.length <= at) leaves.push(EMPTY_LEAF)
      changes.push({ place, before: leaves[at] ?? EMPTY_LEAF })
      leaves[at] = content === undefined ? EMPTY_LEAF : leafOf(hash, content)
    }
    await queries.run(
      'INSERT INTO buckets (number, root) VALUES ($1, $2) ON CONFLICT (number) DO UPDATE SET root = $2',
      number,
      bucketRoot(hash, leaves),
    )
  }
  return changes
}

/** The leaves of a bucket. They must lead to the root that is kept of it: one that rotted would be signed with the next head. */
async function leavesIn(queries: Queries, hash: Hasher, number: number): Promise<Uint8Array[]> {
  const leaves: Uint8Array[] = []
  for (const row of await placesOfBucket(queries, number)) {
    const at = row.place % BUCKET_LEAVES
    while (leaves.length < at) leaves.push(EMPTY_LEAF)
    leaves.push(leafOf(hash, contentOf(row)))
  }
  const [kept] = await queries.rows<{ root: Uint8Array }>(
    'SELECT root FROM buckets WHERE number = $1',
    number,
  )
  if (kept === undefined ? leaves.length === 0 : equalBytes(kept.root, bucketRoot(hash, leaves)))
    return leaves
  throw new VouchError('LOG_CORRUPT', {
    rule: 'the members of a bucket must lead to its root',
    given: `others in bucket ${number}`,
    hint: 'registrar rebuild makes members and roots anew from the records',
  })
}
