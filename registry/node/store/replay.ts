import { EMPTY_LEAF, equalBytes, type Hasher, type Head, leafOf, VouchError } from '@vouch/protocol'
import {
  type AdmissionRecord,
  type BanRecord,
  decodeRecord,
  type RemovalRecord,
} from '@vouch/protocol/registrar-folder'
import type { IndexFiles } from './index-files.js'
import type { Placed, RecordLog } from './record-log.js'

/**
 * Takes what a log says into an index. An index that was empty goes through every state that the registry ever had, so each
 * head must name the root of its time. One that a crash left behind its log may hold nodes of any time between, so it
 * is brought to the end in one step, and judged there.
 */
export class Replay {
  private readonly index: IndexFiles
  private readonly hash: Hasher
  private readonly fromStart: boolean
  private readonly leaves = new Map<number, Uint8Array>()
  private readonly evidence: RecordLog
  private id: Uint8Array | undefined
  /** Whether log and index did not fit: which of them is wrong, only a replay from the start can tell. */
  failed = false

  constructor(index: IndexFiles, evidence: RecordLog, hash: Hasher, registryId: Uint8Array | undefined) {
    this.index = index
    this.evidence = evidence
    this.hash = hash
    this.fromStart = registryId === undefined
    this.id = registryId
  }

  async take({ type, body, offset }: Placed): Promise<void> {
    if (this.fromStart) await this.index.spill()
    const entry = decodeRecord(type, body)
    if ((entry.kind === 'init') !== (this.id === undefined))
      throw this.broken('a log must start with its one init', offset)
    switch (entry.kind) {
      case 'init':
        this.id = entry.init.registryId
        return
      case 'admission':
        return this.admit(entry.admission, offset)
      case 'removal':
        return this.remove(entry.removal, offset)
      case 'head':
        return this.follow(entry.head, offset)
      case 'ban':
        return this.ban(entry.ban, offset)
      case 'pardon':
        return this.index.readmit(entry.pardon.machine)
    }
  }

  /** Ends the replay: whose registry it is. */
  finish(): Uint8Array {
    this.settle()
    const head = this.index.newestHead
    if (this.id === undefined || head === undefined)
      throw this.broken('a log must start with an init and a head', 0)
    if (head.size === this.index.size && head.root !== this.index.root)
      throw this.broken('the tree must lead to the root that the newest head names', head.seq)
    return this.id
  }

  private async admit(admission: AdmissionRecord, offset: number): Promise<void> {
    await this.evidence.at(admission.evidence)
    const { credential, machine, policyId, nonce, expiresAt } = admission
    if (this.index.find(credential) !== undefined)
      throw this.broken('a credential must be admitted once', offset)
    if (machine !== undefined && this.index.isRefused(machine))
      throw this.broken('a machine that is refused must not be admitted', offset)
    this.leaves.set(this.index.size, leafOf(this.hash, admission))
    this.index.addMember({ credential, machine, policyId, nonce, expiresAt, removed: false })
    // A layer of nodes above a thousand leaves costs one hash a leaf; above a single one it costs twenty.
    if (this.fromStart && this.leaves.size >= 1024) this.settle()
  }

  private remove({ index, credential, head }: RemovalRecord, offset: number): void {
    if (index >= this.index.size || this.index.member(index).credential !== credential)
      throw this.broken('a removal must name a member', offset)
    this.empty(index)
    this.follow(head, offset)
  }

  private ban({ machine, head }: BanRecord, offset: number): void {
    // All it ever had: rows that a crash left ahead of their checkpoint may call a leaf removed that is not empty yet.
    for (const { index } of this.index.membersOf(machine)) this.empty(index)
    this.index.refuse(machine)
    this.follow(head, offset)
  }

  private empty(index: number): void {
    this.leaves.set(index, EMPTY_LEAF)
    this.index.remove(index)
  }

  private follow(head: Head, offset: number): void {
    if (this.id === undefined || !equalBytes(head.registryId, this.id))
      throw this.broken('a head must be of this registry', offset)
    if (head.seq !== (this.index.newestHead?.seq ?? -1) + 1) throw this.broken('heads must count up', offset)
    if (head.size !== this.index.size) throw this.broken('a head must count the leaves before it', offset)
    this.index.addHead(head)
    if (!this.fromStart) return
    this.settle()
    if (head.root !== this.index.root) throw this.broken('a head must name the root of its time', offset)
  }

  private settle(): void {
    if (this.leaves.size > 0) this.index.apply(this.index.plan(this.hash, this.leaves))
    this.leaves.clear()
  }

  private broken(rule: string, at: number): VouchError {
    this.failed = true
    return new VouchError('LOG_CORRUPT', {
      rule,
      given: `something else at ${at}`,
      hint: 'restore the registry from a backup',
    })
  }
}
