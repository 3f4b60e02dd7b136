import type { Turns } from '@vouch/host'
import type { Database, Queries } from '@vouch/host/sql'
import { equalBytes, fieldToBytes, type Hasher, leafOf, toHex, toInteger, VouchError } from '@vouch/protocol'
import { encodeRecord, hashOfEvidence, MAX_EVIDENCE_BYTES } from '@vouch/protocol/records'
import { type Admitted, machineRefused, type NewMember } from '../../src/store.js'
import { contentIn, newestHead } from './heads.js'
import { CAPACITY } from './places.js'
import { append, type Tip, tipOf } from './records.js'
import {
  countRows,
  insertMember,
  isRefused,
  keepEvidence,
  liveMembers,
  memberOf,
  membersWhere,
} from './rows.js'
import { STATE } from './schema.js'

/** Admissions in one write: bounds the memory that their evidence takes at once. */
const MAX_BATCH = 256

export interface AdmissionParts {
  readonly database: Database
  readonly now: () => number
  readonly hash: Hasher
}

interface Waiting {
  readonly member: NewMember
  readonly resolve: (admitted: Admitted) => void
  readonly reject: (error: unknown) => void
}

/** Members that wait to be admitted: those that come while the disk is busy go with the next write, so its time is shared. */
export class Admissions {
  private readonly waiting: Waiting[] = []
  private readonly parts: AdmissionParts
  private readonly turns: Turns

  constructor(parts: AdmissionParts, turns: Turns) {
    this.parts = parts
    this.turns = turns
  }

  admit(member: NewMember): Promise<Admitted> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ member, resolve, reject })
      if (this.waiting.length === 1) this.takeTurn()
    })
  }

  /** A failure in a turn is told to all that wait for it: no one else would ever hear of it. */
  private takeTurn(): void {
    void this.turns.take(async () => {
      const together = this.waiting.splice(0, MAX_BATCH)
      if (this.waiting.length > 0) this.takeTurn()
      try {
        const outcomes = await this.write(together.map(({ member }) => member))
        for (const [i, outcome] of outcomes.entries()) {
          if ('leaf' in outcome) together[i]?.resolve(outcome)
          else together[i]?.reject(outcome)
        }
      } catch (error) {
        for (const { reject } of together) reject(error)
      }
    })
  }

  /** Writes all that can be admitted, in one transaction. Each is judged by those before it in the batch too. */
  private write(members: readonly NewMember[]): Promise<readonly (Admitted | VouchError)[]> {
    const { database, hash } = this.parts
    const now = this.parts.now()
    return database.transaction(async (queries) => {
      let tip = await tipOf(queries)
      let number = await nextNumber(queries)
      let room = await roomIn(queries, members.length)
      const outcomes: (Admitted | VouchError)[] = []
      for (const member of members) {
        const refusal = room > 0 ? await refusalOf(queries, member, now) : full()
        if (refusal === undefined) {
          tip = await insert(queries, tip, number, member, now)
          outcomes.push({ number, leaf: toInteger(leafOf(hash, member)) })
          number++
          room--
        } else outcomes.push(refusal)
      }
      return outcomes
    })
  }
}

async function nextNumber(queries: Queries): Promise<number> {
  const [last] = await queries.rows<{ number: number }>(
    'SELECT number FROM members ORDER BY number DESC LIMIT 1',
  )
  return (last?.number ?? -1) + 1
}

/** How many of so many members find a place with the next head. Free ones are only counted where the places run out. */
async function roomIn(queries: Queries, wanted: number): Promise<number> {
  const newest = await newestHead(queries)
  const size = newest === undefined ? 0 : contentIn(newest).size
  const waiting = await countRows(queries, 'members WHERE state = $1', STATE.waiting)
  const room = CAPACITY - size - waiting
  return room >= wanted ? room : room + (await countRows(queries, 'free_places'))
}

/** Why a member cannot be admitted, if it cannot. Any other failure is thrown: it is not the member's. */
async function refusalOf(queries: Queries, member: NewMember, now: number): Promise<VouchError | undefined> {
  try {
    await refuse(queries, member, now)
  } catch (error) {
    if (error instanceof VouchError && REFUSALS.includes(error.code)) return error
    throw error
  }
}

const REFUSALS: readonly VouchError['code'][] = [
  'NONCE_USED',
  'CREDENTIAL_REFUSED',
  'MACHINE_REFUSED',
  'QUOTA_EXCEEDED',
  'TOO_LARGE',
  'VALUE_MALFORMED',
  'VALUE_OUT_OF_RANGE',
]

async function refuse(queries: Queries, member: NewMember, now: number): Promise<void> {
  const { machine, policyId, quota, evidence } = member
  if (evidence.length > MAX_EVIDENCE_BYTES) {
    throw new VouchError('TOO_LARGE', {
      rule: `the evidence of an admission must have at most ${MAX_EVIDENCE_BYTES} bytes`,
      given: `${evidence.length}`,
    })
  }
  encodeRecord({ kind: 'admission', admission: recordOf(member, now) })
  await refuseKnown(queries, member)
  if (machine === undefined) return
  if (await isRefused(queries, machine)) throw machineRefused()
  if (quota === undefined) return
  const live = await liveMembers(queries, machine, policyId, now)
  if (live < quota) return
  throw new VouchError('QUOTA_EXCEEDED', {
    rule: `a machine must have at most ${quota} live credentials under this policy`,
    given: `${live}`,
    hint: 'wait until one of them expires',
  })
}

/** A nonce is good for one credential, and a credential is admitted once. */
async function refuseKnown(queries: Queries, { credential, nonce }: NewMember): Promise<void> {
  const key = fieldToBytes(credential, 'credential')
  const known = (await membersWhere(queries, 'credential = $1 OR nonce = $2', key, nonce)).map(memberOf)
  if (known.length === 0) return
  if (known.some((member) => equalBytes(member.nonce, nonce)))
    throw new VouchError('NONCE_USED', { rule: 'a nonce must admit once', given: toHex(nonce) })
  throw new VouchError('CREDENTIAL_REFUSED', {
    rule: known.some(({ removed }) => removed)
      ? 'a credential that was removed must never be admitted again'
      : 'a credential must be admitted once',
    given: toHex(key),
    hint: 'enroll with a fresh holder secret',
  })
}

function full(): VouchError {
  return new VouchError('TREE_FULL', {
    rule: `a registry must hold at most ${CAPACITY} leaves at one time`,
    hint: 'wait until some have expired, or open a second registry',
  })
}

const recordOf = (
  { nonce, credential, policyId, expiresAt, machine, evidence }: NewMember,
  time: number,
) => ({
  nonce,
  credential,
  policyId,
  expiresAt,
  machine,
  time,
  evidence: hashOfEvidence(evidence),
})

async function insert(
  queries: Queries,
  tip: Tip,
  number: number,
  member: NewMember,
  time: number,
): Promise<Tip> {
  const admission = recordOf(member, time)
  const next = await append(queries, tip, { kind: 'admission', admission })
  await keepEvidence(queries, number, member.evidence)
  await insertMember(queries, number, admission)
  return next
}
