import type { Hasher } from '@vouch/circuits'
import { equalBytes, type Head, toInteger, VouchError } from '@vouch/protocol'
import { nextHead } from '../../src/heads.js'
import {
  type Admission,
  decodeRecord,
  type EvidencePointer,
  encodeRecord,
  type LogRecord,
  MAX_REASON_BYTES,
  RECORD_TYPE,
} from '../../src/log-record.js'
import type { Member } from '../../src/member.js'
import type { Admitted, NewMember, Registry } from '../../src/store.js'
import { BUCKET_HEIGHT, BUCKET_LEAVES, bucketRoot, EMPTY_LEAF, leafOf, nodeOr } from '../../src/tree.js'
import { Batch, liveLeaves } from './batch.js'
import { publishHead } from './head-file.js'
import type { IndexFiles } from './index-files.js'
import type { Lock } from './lock.js'
import type { RecordLog } from './record-log.js'
import { Turns } from './turns.js'

/** Admissions between two checkpoints: what a start after a crash must replay, at a third of a millisecond each. */
const CHECKPOINT_EVERY = 1024

/** Admissions in one write: bounds the memory that their evidence takes at once. */
const MAX_BATCH = 256

export interface StoreParts {
  readonly folder: string
  readonly id: Uint8Array
  readonly log: RecordLog
  readonly evidence: RecordLog
  readonly index: IndexFiles
  readonly lock: Lock
  readonly now: () => number
  readonly hash: Hasher
  readonly signer: Uint8Array | undefined
}

interface Waiting {
  readonly member: NewMember
  readonly resolve: (admitted: Admitted) => void
  readonly reject: (error: unknown) => void
}

/** A member that the batch has taken in. */
interface Accepted extends Waiting {
  readonly index: number
}

export class RegistryStore implements Registry {
  private readonly turns = new Turns()
  private readonly parts: StoreParts
  private readonly waiting: Waiting[] = []
  private sinceCheckpoint = 0
  private partialBucket: { readonly seq: number; readonly root: Uint8Array } | undefined

  constructor(parts: StoreParts) {
    this.parts = parts
  }

  get id(): Uint8Array {
    return this.parts.id
  }

  get size(): number {
    return this.parts.index.size
  }

  get head(): Head {
    const head = this.parts.index.newestHead
    if (head !== undefined) return head
    throw new VouchError('HEAD_MISSING', { rule: 'a registry must have a head' })
  }

  admit(member: NewMember): Promise<Admitted> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ member, resolve, reject })
      // Whoever comes while the disk is busy waits, and goes with the next write: so the disk's time is shared.
      if (this.waiting.length === 1) void this.turns.take(() => this.admitWaiting())
    })
  }

  find(credential: bigint): (Member & { readonly index: number }) | undefined {
    const index = this.parts.index.find(credential)
    return index === undefined ? undefined : { ...this.parts.index.member(index), index }
  }

  members(from: number, count: number): readonly Member[] {
    return this.parts.index.members(from, Math.max(0, Math.min(count, this.size - from)))
  }

  isNonceUsed(nonce: Uint8Array, credential: bigint): boolean {
    const member = this.find(credential)
    return member !== undefined && equalBytes(member.nonce, nonce)
  }

  liveLeaves(machine: Uint8Array, policyId: bigint): number {
    return liveLeaves(this.parts.index, machine, policyId, this.parts.now())
  }

  remove(index: number, reason: string): Promise<Head> {
    return this.turns.take(() => this.removeNow(index, new TextEncoder().encode(reason)))
  }

  cutHead({ evenIfUnchanged = false }: { readonly evenIfUnchanged?: boolean } = {}): Promise<Head> {
    return this.turns.take(() => this.cutNow(evenIfUnchanged))
  }

  heads(from: number, limit: number): readonly Head[] {
    const count = Math.max(0, Math.min(limit, this.head.seq + 1 - from))
    return Array.from({ length: count }, (_, i) => this.parts.index.head(from + i))
  }

  bucket(index: number): Uint8Array {
    const from = index * BUCKET_LEAVES
    const { size } = this.head
    if (!Number.isInteger(index) || index < 0 || from >= size)
      throw new VouchError('LEAF_MISSING', {
        rule: `a bucket's number must be below ${Math.ceil(size / BUCKET_LEAVES)}`,
        given: String(index),
      })
    return this.parts.index.leaves(from, Math.min(BUCKET_LEAVES, size - from))
  }

  bucketRoots(): readonly Uint8Array[] {
    const { size } = this.head
    return Array.from({ length: Math.ceil(size / BUCKET_LEAVES) }, (_, i) =>
      (i + 1) * BUCKET_LEAVES <= size || size === this.size
        ? nodeOr(this.parts.index, BUCKET_HEIGHT, i)
        : this.rootOfPartial(i),
    )
  }

  async *records(): AsyncGenerator<LogRecord> {
    for await (const { type, body } of this.parts.log.records()) yield decodeRecord(type, body)
  }

  async readEvidence(pointer: EvidencePointer): Promise<Uint8Array> {
    return (await this.parts.evidence.at(pointer)).body
  }

  close(): Promise<void> {
    return this.turns.take(async () => {
      await this.checkpoint()
      const { log, evidence, index, lock } = this.parts
      await Promise.all([log.close(), evidence.close(), index.close()])
      await lock.release()
    })
  }

  private async admitWaiting(): Promise<void> {
    const batch = new Batch(this.parts.index, this.parts.now())
    const accepted = this.waiting.splice(0, MAX_BATCH).flatMap((one): Accepted[] => {
      try {
        return [{ ...one, index: batch.add(one.member) }]
      } catch (error) {
        one.reject(error)
        return []
      }
    })
    if (this.waiting.length > 0) void this.turns.take(() => this.admitWaiting())
    if (accepted.length === 0) return
    try {
      await this.write(accepted)
    } catch (error) {
      for (const { reject } of accepted) reject(error)
    }
  }

  /** Evidence first: a crash in between leaves evidence for no leaf, never a leaf without its evidence. */
  private async write(accepted: readonly Accepted[]): Promise<void> {
    const { log, evidence, now, index, hash } = this.parts
    const leaves = new Map(accepted.map((one) => [one.index, leafOf(hash, one.member)]))
    const change = index.plan(hash, leaves)
    const pointers = await evidence.append(
      accepted.map(({ member }) => ({ type: RECORD_TYPE.evidence, body: member.evidence })),
    )
    const time = now()
    const admissions = accepted.map(({ member }, i): Admission => {
      const pointer = pointers[i]
      if (pointer === undefined) throw new VouchError('INTERNAL', { rule: 'evidence must have a place' })
      const { nonce, credential, policyId, expiresAt, machine } = member
      return { nonce, credential, policyId, expiresAt, machine, time, evidence: pointer }
    })
    await log.append(admissions.map((admission) => encodeRecord({ kind: 'admission', admission })))
    for (const { nonce, credential, policyId, expiresAt, machine } of admissions)
      index.addMember({ credential, machine, policyId, nonce, expiresAt, removed: false })
    index.apply(change)
    for (const one of accepted)
      one.resolve({ index: one.index, leaf: toInteger(leaves.get(one.index) ?? EMPTY_LEAF) })
    this.sinceCheckpoint += accepted.length
    if (this.sinceCheckpoint >= CHECKPOINT_EVERY) await this.checkpoint()
  }

  private async removeNow(at: number, reason: Uint8Array): Promise<Head> {
    const { index, hash, log } = this.parts
    const member = Number.isInteger(at) && at >= 0 && at < index.size ? index.member(at) : undefined
    if (member === undefined || member.removed)
      throw new VouchError('LEAF_MISSING', {
        rule: 'a removal must name a leaf that is there',
        given: `leaf ${at} of ${index.size}`,
      })
    if (reason.length > MAX_REASON_BYTES)
      throw new VouchError('TOO_LARGE', { rule: `a reason must have at most ${MAX_REASON_BYTES} bytes` })
    if (!index.isPathSound(hash, at))
      throw new VouchError('LOG_CORRUPT', {
        rule: 'the nodes of the index must lead to its root',
        given: `others beside leaf ${at}`,
        hint: 'delete the folder index/ and open the registry again: the log has everything',
      })
    const change = index.plan(hash, new Map([[at, EMPTY_LEAF]]))
    const head = this.headOver(toInteger(change.root), true)
    const removal = { index: at, credential: member.credential, reason, head }
    await log.append([encodeRecord({ kind: 'removal', removal })])
    index.apply(change)
    index.ban(at)
    return this.publish(head)
  }

  private async cutNow(evenIfUnchanged: boolean): Promise<Head> {
    const { index, log } = this.parts
    const newest = this.head
    if (!evenIfUnchanged && newest.size === index.size) {
      await publishHead(this.parts.folder, newest) // again, should the disk have refused it before
      return newest
    }
    const head = this.headOver(index.root, false)
    await log.append([encodeRecord({ kind: 'head', head })])
    return this.publish(head)
  }

  private headOver(root: bigint, refusesEarlierRoots: boolean): Head {
    const { id: registryId, index, now, signer } = this.parts
    if (signer === undefined)
      throw new VouchError('USAGE', { rule: 'cutting a head needs the key that signs heads' })
    const before = this.head
    return nextHead({ registryId, before, size: index.size, root, refusesEarlierRoots, now: now(), signer })
  }

  private async publish(head: Head): Promise<Head> {
    this.parts.index.addHead(head)
    await this.checkpoint()
    await publishHead(this.parts.folder, head)
    return head
  }

  /** Saves the next start a replay, and no more: when the disk refuses it, the log still has everything. */
  private async checkpoint(): Promise<void> {
    const { index, id, log, evidence } = this.parts
    try {
      await index.checkpoint(id, log.position, evidence.position)
      this.sinceCheckpoint = 0
    } catch {
      // tried again at the next occasion
    }
  }

  /** The bucket that the newest head ends in, without what came since. */
  private rootOfPartial(index: number): Uint8Array {
    const { seq } = this.head
    if (this.partialBucket?.seq !== seq) {
      const leaves = this.bucket(index)
      const list = Array.from({ length: leaves.length / 32 }, (_, i) => leaves.subarray(32 * i, 32 * i + 32))
      this.partialBucket = { seq, root: bucketRoot(this.parts.hash, list) }
    }
    return this.partialBucket.root
  }
}
