import type { Queries, Row, SqlValue } from '@vouch/host/sql'
import { fieldToBytes, toInteger } from '@vouch/protocol'
import type { AdmissionRecord } from '@vouch/protocol/records'
import type { Member } from '../../src/member.js'
import { STATE } from './schema.js'

export interface MemberRow extends Row {
  readonly number: number
  readonly credential: Uint8Array
  readonly nonce: Uint8Array
  readonly policy_id: Uint8Array
  readonly machine: Uint8Array | null
  readonly expires_at: number
  readonly state: number
  readonly removed: number
  readonly place: number | null
}

const COLUMNS = 'number, credential, nonce, policy_id, machine, expires_at, state, removed, place'

export function memberOf(row: MemberRow): Member {
  return {
    number: row.number,
    credential: toInteger(row.credential),
    nonce: row.nonce,
    policyId: toInteger(row.policy_id),
    machine: row.machine ?? undefined,
    expiresAt: row.expires_at,
    removed: row.removed === 1,
    place: row.state === STATE.over ? undefined : (row.place ?? undefined),
  }
}

/** Members, by a condition of one's own. */
export const membersWhere = (
  queries: Queries,
  condition: string,
  ...values: readonly SqlValue[]
): Promise<readonly MemberRow[]> =>
  queries.rows<MemberRow>(`SELECT ${COLUMNS} FROM members WHERE ${condition}`, ...values)

/** The one member with this credential, removed or not. */
export async function memberWith(queries: Queries, credential: bigint): Promise<MemberRow | undefined> {
  const [row] = await membersWhere(queries, 'credential = $1', fieldToBytes(credential, 'credential'))
  return row
}

export async function isRefused(queries: Queries, machine: Uint8Array): Promise<boolean> {
  return (await queries.rows('SELECT n FROM bans WHERE machine = $1', machine)).length > 0
}

/** Members of a machine under a policy that are neither expired nor removed. */
export async function liveMembers(
  queries: Queries,
  machine: Uint8Array,
  policyId: bigint,
  now: number,
): Promise<number> {
  return countRows(
    queries,
    'members WHERE machine = $1 AND policy_id = $2 AND removed = 0 AND expires_at >= $3',
    machine,
    fieldToBytes(policyId),
    now,
  )
}

export async function countRows(
  queries: Queries,
  what: string,
  ...values: readonly SqlValue[]
): Promise<number> {
  const [row] = await queries.rows<{ count: number }>(`SELECT count(*) AS count FROM ${what}`, ...values)
  return row?.count ?? 0
}

/** A new member, which waits for the next head. */
export async function insertMember(
  queries: Queries,
  number: number,
  admission: AdmissionRecord,
): Promise<void> {
  const { credential, nonce, policyId, machine, expiresAt } = admission
  await queries.run(
    `INSERT INTO members (number, credential, nonce, policy_id, machine, expires_at, state, removed)
     VALUES ($1, $2, $3, $4, $5, $6, ${STATE.waiting}, 0)`,
    number,
    fieldToBytes(credential),
    nonce,
    fieldToBytes(policyId),
    machine ?? null,
    expiresAt,
  )
}

/** Keeps the evidence that a member was admitted with. */
export async function keepEvidence(queries: Queries, number: number, body: Uint8Array): Promise<void> {
  await queries.run('INSERT INTO evidence (number, body) VALUES ($1, $2)', number, body)
}

/** Marks members as removed, and answers with the numbers of those. One that waits never gets a place. */
export async function markRemoved(
  queries: Queries,
  members: readonly MemberRow[],
): Promise<readonly number[]> {
  const live = members.filter(({ removed }) => removed === 0)
  for (const { number, state } of live) {
    const next = state === STATE.waiting ? STATE.over : state
    await queries.run('UPDATE members SET removed = 1, state = $1 WHERE number = $2', next, number)
  }
  return live.map(({ number }) => number)
}
