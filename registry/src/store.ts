import { type Failure, type Head, VouchError } from '@vouch/protocol'
import type { EvidencePointer, LogRecord } from '@vouch/protocol/registrar-folder'
import type { Member } from './member.js'

/** What admission has found good, to be made a member. The leaf is not among it: it is computed where it is inserted. */
export interface NewMember {
  readonly nonce: Uint8Array
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: number
  /** 32 bytes: digest of what identifies the machine, where its hardware tells. */
  readonly machine?: Uint8Array | undefined
  /** Most live leaves of this machine under this policy. Without it there is no limit. */
  readonly quota?: number | undefined
  /** What it was admitted for, as it came. Kept apart and private. */
  readonly evidence: Uint8Array
}

export interface Admitted {
  readonly index: number
  readonly leaf: bigint
}

export interface Banned {
  readonly indexes: readonly number[]
  readonly head: Head
}

/** A registry as whoever has its folder reads it. */
export interface RegistryView {
  readonly id: Uint8Array
  /** Leaves ever inserted: more than the newest head counts, between two heads. */
  readonly size: number
  readonly head: Head
  find(credential: bigint): (Member & { readonly index: number }) | undefined
  /** Members in a row, removed ones too; those that came since the newest head as well. */
  members(from: number, count: number): readonly Member[]
  isNonceUsed(nonce: Uint8Array, credential: bigint): boolean
  liveLeaves(machine: Uint8Array, policyId: bigint): number
  isRefused(machine: Uint8Array): boolean
  /** Machines that are refused, in the order in which they were banned. */
  readonly refusedMachines: readonly Uint8Array[]
  heads(from: number, limit: number): readonly Head[]
  /** Leaves of a bucket as of the newest head, 32 bytes each. */
  bucket(index: number): Uint8Array
  /** Roots of all buckets as of the newest head. */
  bucketRoots(): readonly Uint8Array[]
  /** The whole log, its chain checked. */
  records(): AsyncIterable<LogRecord>
  readEvidence(pointer: EvidencePointer): Promise<Uint8Array>
}

/** A registry that this process alone writes to. What a method has returned survives a crash. */
export interface Registry extends RegistryView {
  /** Uses up the nonce and inserts the leaf, in one record. Many at a time share one write to the disk. */
  admit(member: NewMember): Promise<Admitted>
  /** Empties the leaf, bans its credential, and refuses every earlier root at once. */
  remove(index: number, reason: string): Promise<Head>
  /**
   * Empties every leaf that a machine has, and refuses it from then on, in one record; it may have none yet. Answers with the
   * leaves that were emptied.
   */
  ban(machine: Uint8Array, reason: string): Promise<Banned>
  /** Lets a machine that was banned be admitted again. Its leaves stay empty. */
  pardon(machine: Uint8Array, reason: string): Promise<void>
  /**
   * Cuts a head if anything changed; or in any case, so that the newest does not grow old. Throws also when the head is in the log and
   * the disk refuses to publish it: the next call publishes it again.
   */
  cutHead(options?: { readonly evenIfUnchanged?: boolean }): Promise<Head>
  /** Why the newest head, which stands in the log, is not where verifiers of the folder look for it. */
  readonly unpublished: Failure | undefined
  /** Refuses when this process must not write: another has taken its place, its log broke, its clock is ahead. */
  assertWriter(): Promise<void>
  /**
   * Comes when this process must write nothing more: another writer has taken its place, or what the log holds can
   * only be told by reading it anew. It never comes otherwise.
   */
  readonly lost: Promise<VouchError>
  close(): Promise<void>
}

/** A ban of its credentials alone would let a removed machine come back under a fresh secret. */
export function machineRefused(): VouchError {
  return new VouchError('MACHINE_REFUSED', { rule: 'the machine must not be one that was removed' })
}
