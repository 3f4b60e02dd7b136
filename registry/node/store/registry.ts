import { type Signer, Turns } from '@vouch/host'
import type { Hold, Queries } from '@vouch/host/sql'
import {
  encodeHeadContent,
  equalBytes,
  type Failure,
  type Head,
  headDigest,
  VouchError,
} from '@vouch/protocol'
import { MAX_REASON_BYTES, type RegistryRecord } from '@vouch/protocol/records'
import type { Admitted, Banned, NewMember, Note, Registry } from '../../src/store.js'
import { type AdmissionParts, Admissions } from './admissions.js'
import { contentIn, type HeadRow, headIn, headRow, keepSignature, newestHead, recordHead } from './heads.js'
import { keepNote } from './notes.js'
import { behind, forked, type Publisher } from './publisher.js'
import { append, tipOf } from './records.js'
import { countRows, isRefused, type MemberRow, markRemoved, membersWhere, memberWith } from './rows.js'
import type { SigningClock } from './signing-clock.js'
import { SqlView, type ViewParts } from './view.js'

/** Most machines that are refused at one time. */
const MAX_REFUSED = 2 ** 14

/** How long another process may take to sign a head that this one has recorded, and how often this one looks. */
const SIGNED_MS = 15_000
const LOOK_MS = 50

export interface RegistryParts extends AdmissionParts, ViewParts {
  /** Where heads are published. The newest of each place is asked for before anything is signed. */
  readonly publishers: readonly Publisher[]
  readonly clock: SigningClock
  /** How many days decisions are kept. */
  readonly auditDays: number
  readonly signer: Signer | undefined
  /** Held from the start where one process alone may write: a file's database. */
  readonly writer: Hold | undefined
}

export class SqlRegistry extends SqlView<RegistryParts> implements Registry {
  readonly lost: Promise<VouchError>
  private readonly turns = new Turns()
  private readonly admissions: Admissions
  private signing: Hold | undefined
  private notPublished: VouchError | undefined

  constructor(parts: RegistryParts) {
    super(parts)
    this.admissions = new Admissions(parts, this.turns)
    this.signing = parts.writer
    this.lost = parts.database.lost
  }

  get unpublished(): Failure | undefined {
    return this.notPublished
  }

  async admit(member: NewMember): Promise<Admitted> {
    this.parts.clock.time() // a leaf admitted under a clock of next year is in force until then
    return this.admissions.admit(member)
  }

  async remove(credential: bigint, reason: string): Promise<Head> {
    const record = { credential, reason: reasonBytes(reason), time: this.parts.now() }
    const { head } = await this.removing({ kind: 'removal', removal: record }, async (queries) => {
      const member = await memberWith(queries, credential)
      if (member !== undefined && member.removed === 0) return [member]
      throw new VouchError('LEAF_MISSING', { rule: 'a removal must name a member that is not removed yet' })
    })
    return head
  }

  ban(machine: Uint8Array, reason: string): Promise<Banned> {
    const record = { machine, reason: reasonBytes(reason), time: this.parts.now() }
    return this.removing({ kind: 'ban', ban: record }, async (queries) => {
      if (!(await isRefused(queries, machine))) {
        if ((await countRows(queries, 'bans')) >= MAX_REFUSED)
          throw new VouchError('TOO_LARGE', {
            rule: `a registry must refuse at most ${MAX_REFUSED} machines`,
            hint: 'raise the TCB floor in a new policy instead',
          })
        const { n } = await tipOf(queries)
        await queries.run('INSERT INTO bans (machine, n) VALUES ($1, $2)', machine, n + 1)
      }
      return membersWhere(queries, 'machine = $1 AND removed = 0 ORDER BY number', machine)
    })
  }

  async pardon(machine: Uint8Array, reason: string): Promise<void> {
    const pardon = { machine, reason: reasonBytes(reason), time: this.parts.now() }
    await this.parts.database.transaction(async (queries) => {
      const lifted = await queries.run('DELETE FROM bans WHERE machine = $1', machine)
      if (lifted === 0) throw new VouchError('USAGE', { rule: 'the machine must be one that is refused' })
      await append(queries, await tipOf(queries), { kind: 'pardon', pardon })
    })
  }

  cutHead({ evenIfUnchanged = false }: { readonly evenIfUnchanged?: boolean } = {}): Promise<Head> {
    return this.turns.take(async () => {
      this.assertSigner()
      if (!(await this.isSigner())) return this.head()
      await this.settle()
      const { id: registryId, database, hash, clock } = this.parts
      const now = clock.time()
      for (let isFirst = true; ; isFirst = false) {
        const cutting = { registryId, hash, now, evenIfUnchanged: evenIfUnchanged && isFirst }
        const became = await database.transaction((queries) => recordHead(queries, cutting))
        const head = await this.settle()
        if (became === 'recorded, with more to come') continue
        if (this.notPublished !== undefined) throw this.notPublished
        return head
      }
    })
  }

  note(note: Note): Promise<void> {
    const { database, auditDays } = this.parts
    return this.turns.take(() => database.transaction((queries) => keepNote(queries, note, auditDays)))
  }

  async assertWriter(): Promise<void> {
    const { database, clock, writer } = this.parts
    await writer?.assertHeld()
    await database.run('DELETE FROM bans WHERE n < 0') // changes nothing, and a replica or a disk that cannot be written to refuses
    clock.time()
  }

  /** After a start: signs a head that a crash left unsigned, and publishes the newest. */
  async resume(): Promise<void> {
    await this.settleHere()
  }

  close(): Promise<void> {
    return this.turns.take(async () => {
      await this.signing?.release()
      await this.parts.database.close()
    })
  }

  /** Records a removal and the head that says so in one transaction: no crash leaves a removal that no one is told of. */
  private removing(
    record: RegistryRecord,
    find: (queries: Queries) => Promise<readonly MemberRow[]>,
  ): Promise<Banned> {
    return this.turns.take(async () => {
      this.assertSigner()
      await this.settle()
      const { id: registryId, database, hash, clock } = this.parts
      const now = clock.time()
      const removed = await database.transaction(async (queries) => {
        const removing = await markRemoved(queries, await find(queries))
        await append(queries, await tipOf(queries), record)
        await recordHead(queries, { registryId, hash, now, removing, evenIfUnchanged: true })
        return removing.length
      })
      return { removed, head: await this.settle().catch(recordedOnly) }
    })
  }

  /** A file has no other process that could sign. */
  private assertSigner(): void {
    const { signer, writer } = this.parts
    if (signer === undefined && writer !== undefined)
      throw new VouchError('USAGE', { rule: 'cutting a head needs the key that signs heads' })
  }

  /** Whether this process is the one that signs; it becomes so where no other is. */
  private async isSigner(): Promise<boolean> {
    const { signer, database } = this.parts
    if (signer === undefined) return false
    try {
      await this.signing?.assertHeld()
    } catch {
      this.signing = undefined
    }
    this.signing ??= await database.hold('signer')
    return this.signing !== undefined
  }

  /**
   * Sees to it that the newest head is signed and published, here or by the process that signs. A store that is behind
   * what was published signs nothing: it would sign a second history.
   */
  async settle(): Promise<Head> {
    for (const until = Date.now() + SIGNED_MS; ; ) {
      const { seq, head } = await this.settleHere()
      if (head !== undefined) return head
      if (Date.now() > until) throw notSigned(seq)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }

  /** Signs and publishes the newest head where this process is the one that signs; its signature may be missing elsewhere. */
  private async settleHere(): Promise<{ readonly seq: number; readonly head: Head | undefined }> {
    const newest = await newestHead(this.parts.database)
    if (newest === undefined) throw new VouchError('HEAD_MISSING', { rule: 'a registry must have a head' })
    await this.refuseBehind(newest)
    const head = headIn(newest) ?? ((await this.isSigner()) ? await this.sign(newest.seq) : undefined)
    if (head !== undefined && (await this.isSigner())) await this.published(head)
    return { seq: newest.seq, head }
  }

  /** Signs the bytes that are recorded under a number, and no others. */
  private async sign(seq: number): Promise<Head | undefined> {
    const { database, signer } = this.parts
    const newest = await newestHead(database)
    if (signer === undefined || newest?.seq !== seq) return undefined
    const signature = await signer.sign(headDigest(contentIn(newest)))
    return keepSignature(database, newest, signer.publicKey, signature)
  }

  /**
   * Puts a head where verifiers look for it. A disk that refuses undoes nothing: the head is recorded, and is served from there. So
   * it is no failure of what cut the head: an operator who is told that a removal failed would believe the machine to be still in.
   */
  private async published(head: Head): Promise<void> {
    this.notPublished = undefined
    for (const { publish } of this.parts.publishers) {
      try {
        await publish(head)
      } catch (error) {
        if (!(error instanceof VouchError)) throw error
        this.notPublished ??= error
      }
    }
  }

  /** Refuses to go on from a database that is not the one whose heads are published. */
  private async refuseBehind({ seq }: HeadRow): Promise<void> {
    for (const { name, newest } of this.parts.publishers) {
      const published = await newest(seq)
      if (published === undefined) continue
      if (published.seq > seq) throw behind(name, published.seq, seq)
      const own = await headRow(this.parts.database, published.seq)
      const isOwn =
        own !== undefined && equalBytes(encodeHeadContent(contentIn(own)), encodeHeadContent(published))
      if (!isOwn) throw forked(name, published.seq)
    }
  }
}

/** What failed came after the removal was recorded: an operator who is told that it failed would believe the machine to be still in. */
function recordedOnly(error: unknown): never {
  if (!(error instanceof VouchError)) throw error
  throw new VouchError(
    error.code,
    {
      rule: `the removal is recorded, and its head is not signed yet: ${error.rule}`,
      ...(error.given === undefined ? {} : { given: error.given }),
      hint: 'earlier roots stand until the head is signed: give the order again when this is mended, or let the registrar cut a head',
    },
    { cause: error },
  )
}

function notSigned(seq: number): VouchError {
  return new VouchError('LOCKED', {
    rule: 'the newest head is recorded and not signed',
    given: `head ${seq}`,
    hint: 'what was ordered is done; start the process that signs heads, and it signs this one',
  })
}

function reasonBytes(reason: string): Uint8Array {
  const bytes = new TextEncoder().encode(reason)
  if (bytes.length <= MAX_REASON_BYTES) return bytes
  throw new VouchError('TOO_LARGE', { rule: `a reason must have at most ${MAX_REASON_BYTES} bytes` })
}
