import { equalBytes, type Head, toInteger, VouchError } from '@vouch/protocol'
import { nextHead } from '../../src/heads.js'
import {
  decodeRecord,
  type EvidencePointer,
  encodeRecord,
  type LogRecord,
  MAX_REASON_BYTES,
} from '../../src/log-record.js'
import type { Member } from '../../src/member.js'
import type { Admitted, Banned, NewMember, Registry } from '../../src/store.js'
import {
  BUCKET_HEIGHT,
  BUCKET_LEAVES,
  bucketRoot,
  EMPTY_LEAF,
  nodeOr,
  type TreeChange,
} from '../../src/tree.js'
import { type AdmissionParts, Admissions } from './admissions.js'
import { liveLeaves } from './batch.js'
import { MAX_REFUSED } from './checkpoint.js'
import { publishHead } from './head-file.js'
import type { Lock } from './lock.js'
import { Turns } from './turns.js'

/** Admissions between two checkpoints: what a start after a crash must replay, at a third of a millisecond each. */
const CHECKPOINT_EVERY = 1024

export interface StoreParts extends AdmissionParts {
  readonly folder: string
  readonly id: Uint8Array
  readonly lock: Lock
  readonly signer: Uint8Array | undefined
}

export class RegistryStore implements Registry {
  private readonly turns = new Turns()
  private readonly parts: StoreParts
  private readonly admissions: Admissions
  private sinceCheckpoint = 0
  private partialBucket: { readonly seq: number; readonly root: Uint8Array } | undefined

  constructor(parts: StoreParts) {
    this.parts = parts
    this.admissions = new Admissions(parts, this.turns, async (count) => {
      this.sinceCheckpoint += count
      if (this.sinceCheckpoint >= CHECKPOINT_EVERY) await this.checkpoint()
    })
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
    return this.admissions.admit(member)
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
    return this.turns.take(() => this.removeNow(index, reasonBytes(reason)))
  }

  ban(machine: Uint8Array, reason: string): Promise<Banned> {
    return this.turns.take(() => this.banNow(machine, reasonBytes(reason)))
  }

  pardon(machine: Uint8Array, reason: string): Promise<void> {
    return this.turns.take(() => this.pardonNow(machine, reasonBytes(reason)))
  }

  isRefused(machine: Uint8Array): boolean {
    return this.parts.index.isRefused(machine)
  }

  get refusedMachines(): readonly Uint8Array[] {
    return this.parts.index.refusedMachines
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

  private async removeNow(at: number, reason: Uint8Array): Promise<Head> {
    const { index, log } = this.parts
    const member = Number.isInteger(at) && at >= 0 && at < index.size ? index.member(at) : undefined
    if (member === undefined || member.removed)
      throw new VouchError('LEAF_MISSING', {
        rule: 'a removal must name a leaf that is there',
        given: `leaf ${at} of ${index.size}`,
      })
    const { change, head } = this.emptying([at])
    const removal = { index: at, credential: member.credential, reason, head }
    await log.append([encodeRecord({ kind: 'removal', removal })])
    return this.emptied([at], change, head)
  }

  private async banNow(machine: Uint8Array, reason: Uint8Array): Promise<Banned> {
    const { index, log } = this.parts
    if (!index.isRefused(machine) && index.refusedMachines.length >= MAX_REFUSED)
      throw new VouchError('TOO_LARGE', {
        rule: `a registry must refuse at most ${MAX_REFUSED} machines`,
        hint: 'raise the TCB floor in a new policy instead',
      })
    const live = [...index.membersOf(machine)].filter(({ removed }) => !removed)
    const indexes = live.map((member) => member.index).sort((a, b) => a - b)
    const { change, head } = this.emptying(indexes)
    await log.append([encodeRecord({ kind: 'ban', ban: { machine, reason, head } })])
    index.refuse(machine)
    return { indexes, head: await this.emptied(indexes, change, head) }
  }

  private async pardonNow(machine: Uint8Array, reason: Uint8Array): Promise<void> {
    const { index, log, now } = this.parts
    if (!index.isRefused(machine))
      throw new VouchError('USAGE', { rule: 'the machine must be one that is refused' })
    await log.append([encodeRecord({ kind: 'pardon', pardon: { machine, reason, time: now() } })])
    index.readmit(machine)
  }

  /** What emptying leaves would make of the tree, and the head over that. Nothing is written yet. */
  private emptying(indexes: readonly number[]): { readonly change: TreeChange; readonly head: Head } {
    const { index, hash } = this.parts
    for (const at of indexes) {
      if (!index.isPathSound(hash, at))
        throw new VouchError('LOG_CORRUPT', {
          rule: 'the nodes of the index must lead to its root',
          given: `others beside leaf ${at}`,
          hint: 'registrar rebuild makes the index anew: the log has everything',
        })
    }
    const change = index.plan(hash, new Map(indexes.map((at) => [at, EMPTY_LEAF])))
    return { change, head: this.headOver(toInteger(change.root), true) }
  }

  private emptied(indexes: readonly number[], change: TreeChange, head: Head): Promise<Head> {
    const { index } = this.parts
    index.apply(change)
    for (const at of indexes) index.remove(at)
    return this.publish(head)
  }

  private async cutNow(evenIfUnchanged: boolean): Promise<Head> {
    const { index, log, lock } = this.parts
    const newest = this.head
    await lock.assertHeld() // what is published again below may be older than what another writer published
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
    const { index, id, log, evidence, lock } = this.parts
    try {
      await lock.assertHeld()
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

function reasonBytes(reason: string): Uint8Array {
  const bytes = new TextEncoder().encode(reason)
  if (bytes.length <= MAX_REASON_BYTES) return bytes
  throw new VouchError('TOO_LARGE', { rule: `a reason must have at most ${MAX_REASON_BYTES} bytes` })
}
