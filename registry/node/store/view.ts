import type { Database } from '@vouch/host/sql'
import {
  BUCKET_LEAVES,
  type BucketIndex,
  concat,
  fieldToBytes,
  type Head,
  leavesInBucket,
  PLACE_BYTES,
  placeBytes,
  VouchError,
} from '@vouch/protocol'
import type { RegistryRecord } from '@vouch/protocol/records'
import type { Member } from '../../src/member.js'
import type { Counts, Note, RegistryView } from '../../src/store.js'
import { contentIn, headIn, headsFrom, newestHead, newestSigned } from './heads.js'
import { notesOf } from './notes.js'
import { contentOf, placesOfBucket } from './places.js'
import { recordsOf } from './records.js'
import { countRows, isRefused, liveMembers, memberOf, membersWhere, memberWith } from './rows.js'
import { STATE } from './schema.js'

export interface ViewParts {
  readonly id: Uint8Array
  readonly database: Database
  readonly now: () => number
}

/** What can be read of a registry, whichever process writes to it. */
export class SqlView<Parts extends ViewParts = ViewParts> implements RegistryView {
  protected readonly parts: Parts

  constructor(parts: Parts) {
    this.parts = parts
  }

  get id(): Uint8Array {
    return this.parts.id
  }

  head(): Promise<Head> {
    return newestSigned(this.parts.database)
  }

  async counts(): Promise<Counts> {
    const { database } = this.parts
    return database.snapshot(async (queries) => ({
      admitted: await countRows(queries, 'members'),
      waiting: await countRows(queries, 'members WHERE state = $1', STATE.waiting),
    }))
  }

  async find(credential: bigint): Promise<Member | undefined> {
    const row = await memberWith(this.parts.database, credential)
    return row && memberOf(row)
  }

  async members(from: number, count: number): Promise<readonly Member[]> {
    const rows = await membersWhere(this.parts.database, 'number >= $1 ORDER BY number LIMIT $2', from, count)
    return rows.map(memberOf)
  }

  liveLeaves(machine: Uint8Array, policyId: bigint): Promise<number> {
    return liveMembers(this.parts.database, machine, policyId, this.parts.now())
  }

  isRefused(machine: Uint8Array): Promise<boolean> {
    return isRefused(this.parts.database, machine)
  }

  async refusedMachines(): Promise<readonly Uint8Array[]> {
    const rows = await this.parts.database.rows<{ machine: Uint8Array }>(
      'SELECT machine FROM bans ORDER BY n',
    )
    return rows.map(({ machine }) => machine)
  }

  heads(from: number, limit: number): Promise<readonly Head[]> {
    return headsFrom(this.parts.database, from, limit)
  }

  index(): Promise<BucketIndex | undefined> {
    return this.parts.database.snapshot(async (queries) => {
      const newest = await newestHead(queries)
      if (newest === undefined || headIn(newest) === undefined) return undefined
      const rows = await queries.rows<{ root: Uint8Array }>('SELECT root FROM buckets ORDER BY number')
      const { seq, size } = contentIn(newest)
      return {
        version: 2,
        seq,
        size,
        roots: concat(...rows.map(({ root }) => root)),
        changes: newest.changes,
      }
    })
  }

  async bucket(number: number, seq: number): Promise<Uint8Array | undefined> {
    return this.parts.database.snapshot(async (queries) => {
      const newest = await newestHead(queries)
      if (newest?.seq !== seq) return undefined
      const { size } = contentIn(newest)
      const bytes = new Uint8Array(leavesInBucket(number, size) * PLACE_BYTES)
      for (const row of await placesOfBucket(queries, number))
        bytes.set(placeBytes(contentOf(row)), (row.place % BUCKET_LEAVES) * PLACE_BYTES)
      return bytes
    })
  }

  records(): AsyncIterable<RegistryRecord> {
    return recordsOf(this.parts.database)
  }

  async evidenceOf(credential: bigint): Promise<Uint8Array | undefined> {
    const [row] = await this.parts.database.rows<{ body: Uint8Array }>(
      'SELECT body FROM evidence JOIN members ON evidence.number = members.number WHERE credential = $1',
      fieldToBytes(credential, 'credential'),
    )
    return row?.body
  }

  notes(kind: Note['kind'], since: number): AsyncIterable<Note> {
    return notesOf(this.parts.database, kind, since)
  }

  backup(path: string): Promise<void> {
    return this.parts.database.backup(path)
  }
}

/** The id of the registry that a database holds; nothing for a database without one. */
export async function registryIn(database: Database): Promise<Uint8Array | undefined> {
  for await (const record of recordsOf(database, 1)) {
    if (record.kind === 'init') return record.init.registryId
    throw new VouchError('LOG_CORRUPT', { rule: 'the first record must say whose registry it is' })
  }
  return undefined
}
