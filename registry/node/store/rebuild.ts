import type { Database, Queries } from '@vouch/host/sql'
import { equalBytes, type Hasher, type HeadContent, isHeadSigned, toInteger } from '@vouch/protocol'
import {
  type AdmissionRecord,
  type HeadRecord,
  hashOfEvidence,
  type RegistryRecord,
} from '@vouch/protocol/records'
import { changesOf, type HeadRow, headIn, headRow, keepHead } from './heads.js'
import { type Settled, settlePlaces } from './places.js'
import { recordsBroken, recordsOf } from './records.js'
import { insertMember, isRefused, type MemberRow, markRemoved, membersWhere, memberWith } from './rows.js'

/** What `registrar rebuild` makes anew. Evidence and signatures do not follow from records; they are held against them. */
const DERIVED = ['members', 'free_places', 'bans', 'buckets', 'heads'] as const

/** Believes the records alone: checks their chain, and makes everything that follows from them anew, in one transaction. */
export async function rebuild(database: Database, hash: Hasher): Promise<void> {
  await database.transaction(async (queries) => {
    const heads = await queries.rows<HeadRow>('SELECT seq, content, changes, signer, signature FROM heads')
    const signed = new Map(heads.map((row) => [row.seq, row]))
    for (const table of DERIVED) await queries.run(`DELETE FROM ${table}`)
    const replay = new Replay(queries, hash, (seq) => signed.get(seq))
    let n = 0
    for await (const record of recordsOf(queries)) await replay.take(record, n++)
    replay.finish(n)
  })
}

/** Makes of records what they made when they were written. Every head must name what is found then. */
export class Replay {
  private readonly queries: Queries
  private readonly hash: Hasher
  private readonly signedHead: (seq: number) => HeadRow | undefined
  private id: Uint8Array | undefined
  private members = 0
  private newest: HeadContent | undefined
  /** Finds the members that a removal is about: they are removed with the head that follows it. */
  private removal: (() => Promise<readonly MemberRow[]>) | undefined

  constructor(queries: Queries, hash: Hasher, signedHead: (seq: number) => HeadRow | undefined) {
    this.queries = queries
    this.hash = hash
    this.signedHead = signedHead
  }

  async take(record: RegistryRecord, n: number): Promise<void> {
    if ((record.kind === 'init') !== (n === 0))
      throw recordsBroken(n, 'records must start with their one init')
    if (this.removal !== undefined && record.kind !== 'head')
      throw recordsBroken(n, 'a removal must be followed by its head')
    switch (record.kind) {
      case 'init':
        this.id = record.init.registryId
        return
      case 'admission':
        return this.admit(record.admission, n)
      case 'removal': {
        const member = await memberWith(this.queries, record.removal.credential)
        if (member === undefined) throw recordsBroken(n, 'a removal must name a member')
        this.removal = () => membersWhere(this.queries, 'number = $1', member.number)
        return
      }
      case 'ban': {
        const { machine } = record.ban
        if (!(await isRefused(this.queries, machine)))
          await this.queries.run('INSERT INTO bans (machine, n) VALUES ($1, $2)', machine, n)
        const condition = 'machine = $1 AND removed = 0 ORDER BY number'
        this.removal = () => membersWhere(this.queries, condition, machine)
        return
      }
      case 'pardon':
        await this.queries.run('DELETE FROM bans WHERE machine = $1', record.pardon.machine)
        return
      case 'head':
        return this.follow(record.head, n)
    }
  }

  /** Ends the replay, behind so many records. */
  finish(count: number): void {
    if (this.newest === undefined) throw recordsBroken(count, 'records must have an init and a head')
  }

  private async admit(admission: AdmissionRecord, n: number): Promise<void> {
    const { queries } = this
    if ((await memberWith(queries, admission.credential)) !== undefined)
      throw recordsBroken(n, 'a credential must be admitted once')
    if (admission.machine !== undefined && (await isRefused(queries, admission.machine)))
      throw recordsBroken(n, 'a machine that is refused must not be admitted')
    const number = this.members++
    const [kept] = await queries.rows<{ body: Uint8Array }>(
      'SELECT body FROM evidence WHERE number = $1',
      number,
    )
    if (kept === undefined || !equalBytes(hashOfEvidence(kept.body), admission.evidence))
      throw recordsBroken(n, 'the evidence that is kept must be that of the record')
    await insertMember(queries, number, admission)
  }

  private async follow({ content, empties }: HeadRecord, n: number): Promise<void> {
    const { newest } = this
    if (this.id === undefined || !equalBytes(content.registryId, this.id))
      throw recordsBroken(n, 'a head must be of this registry')
    if (content.seq !== (newest?.seq ?? -1) + 1) throw recordsBroken(n, 'heads must count up')
    const settled = await this.settle(content.time, empties)
    if (settled.size !== content.size || toInteger(settled.root) !== content.root)
      throw recordsBroken(n, 'a head must name the root of its time')
    await keepHead(this.queries, content, changesOf(content, settled.changes))
    await this.keepSignature(content.seq, n)
    this.newest = content
    this.removal = undefined
  }

  /** Registries of the earlier form gave a place to each member at once, also to one that was removed before the next head. */
  private async settle(time: number, empties: boolean): Promise<Settled> {
    const { queries, hash, removal } = this
    const place = { hash, time, empties, size: this.newest?.size ?? 0 }
    if (removal === undefined) return settlePlaces(queries, { ...place, removing: [] })
    const size = empties ? place.size : (await settlePlaces(queries, { ...place, removing: [] })).size
    const removing = await markRemoved(queries, await removal())
    return settlePlaces(queries, { ...place, size, removing })
  }

  private async keepSignature(seq: number, n: number): Promise<void> {
    const row = this.signedHead(seq)
    const head = row && headIn(row)
    if (row === undefined || head === undefined) return // a crash may have come before the signature: the next start signs
    const recorded = await headRow(this.queries, seq)
    const isOfRecord = recorded !== undefined && equalBytes(recorded.content, row.content)
    if (!isOfRecord || !isHeadSigned(head))
      throw recordsBroken(n, 'the signature that is kept must be one of the head')
    await this.queries.run(
      'UPDATE heads SET signer = $1, signature = $2 WHERE seq = $3',
      row.signer,
      row.signature,
      seq,
    )
  }
}
