import {
  BUCKET_HEIGHT,
  BUCKET_LEAVES,
  bucketRoot,
  equalBytes,
  type Hasher,
  type Head,
  VouchError,
} from '@vouch/protocol'
import { decodeRecord, type EvidencePointer, type LogRecord } from '@vouch/protocol/registrar-folder'
import type { Member } from '../../src/member.js'
import type { RegistryView } from '../../src/store.js'
import { nodeOr } from '../../src/tree.js'
import { liveLeaves } from './batch.js'
import type { IndexFiles } from './index-files.js'
import type { RecordLog } from './record-log.js'

export interface ViewParts {
  readonly id: Uint8Array
  readonly log: RecordLog
  readonly evidence: RecordLog
  readonly index: IndexFiles
  readonly now: () => number
  readonly hash: Hasher
}

/** What can be read of a registry that is open, whoever writes to it. */
export class OpenView<Parts extends ViewParts = ViewParts> implements RegistryView {
  protected readonly parts: Parts
  private partialBucket: { readonly seq: number; readonly root: Uint8Array } | undefined

  constructor(parts: Parts) {
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

  isRefused(machine: Uint8Array): boolean {
    return this.parts.index.isRefused(machine)
  }

  get refusedMachines(): readonly Uint8Array[] {
    return this.parts.index.refusedMachines
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
