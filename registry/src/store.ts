import { type BucketIndex, type Failure, type Head, VouchError } from '@vouch/protocol'
import type { RegistryRecord } from '@vouch/protocol/records'
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

/** A member that is recorded. Its leaf is published, and has its place, with the next head. */
export interface Admitted {
  readonly number: number
  readonly leaf: bigint
}

export interface Banned {
  /** How many leaves and waiting members were removed. */
  readonly removed: number
  readonly head: Head
}

export interface Counts {
  /** Members that were ever admitted. */
  readonly admitted: number
  /** Members that no head has yet. */
  readonly waiting: number
}

/** A line for the operator's own eyes. Decisions and strangers' refusals lie apart: refusals are many, and must push no decision out. */
export interface Note {
  readonly time: number
  readonly kind: 'decision' | 'refusal'
  /** JSON. */
  readonly line: string
}

/** A registry as its registrar reads it: its processes, on one machine or several. */
export interface RegistryView {
  readonly id: Uint8Array
  /** The newest head that is signed. */
  head(): Promise<Head>
  counts(): Promise<Counts>
  find(credential: bigint): Promise<Member | undefined>
  /** Members in the order of their admission, removed and expired ones too. */
  members(from: number, count: number): Promise<readonly Member[]>
  liveLeaves(machine: Uint8Array, policyId: bigint): Promise<number>
  isRefused(machine: Uint8Array): Promise<boolean>
  /** Machines that are refused, in the order in which they were banned. */
  refusedMachines(): Promise<readonly Uint8Array[]>
  heads(from: number, limit: number): Promise<readonly Head[]>
  /** The roots of all buckets as of the newest head. Nothing in the moment between a head's record and its signature. */
  index(): Promise<BucketIndex | undefined>
  /** What the leaves of a bucket are made of, as of the head with this number. Nothing once there is a newer one. */
  bucket(number: number, seq: number): Promise<Uint8Array | undefined>
  /** All records, their chain checked. */
  records(): AsyncIterable<RegistryRecord>
  /** What a member was admitted for. */
  evidenceOf(credential: bigint): Promise<Uint8Array | undefined>
  /** Notes of one kind from a time on, oldest first. */
  notes(kind: Note['kind'], since: number): AsyncIterable<Note>
  /** Copies the whole registry into a file, while it is written to. */
  backup(path: string): Promise<void>
}

/** A registry that this process may write to. What a method has returned survives a crash. */
export interface Registry extends RegistryView {
  /** Uses up the nonce and makes a member, in one record. Many at a time share one write to the disk. */
  admit(member: NewMember): Promise<Admitted>
  /** Empties the member's leaf, bans its credential, and refuses every earlier root at once. */
  remove(credential: bigint, reason: string): Promise<Head>
  /**
   * Removes every member that a machine has, and refuses the machine from then on, in one transaction. The machine may have
   * none yet.
   */
  ban(machine: Uint8Array, reason: string): Promise<Banned>
  /** Lets a machine that was banned be admitted again. Its leaves stay empty. */
  pardon(machine: Uint8Array, reason: string): Promise<void>
  /**
   * Cuts a head if anything changed; or in any case, so that the newest does not grow old. Answers with the newest head where
   * another process is the one that signs. Throws also when the head is recorded and the disk refuses to publish it: the next
   * call publishes it again.
   */
  cutHead(options?: { readonly evenIfUnchanged?: boolean }): Promise<Head>
  /** Sees to it that the newest head is signed, here or by the process that signs: since a failure it may wait for that. */
  settle(): Promise<Head>
  /** Keeps a note. Old ones go: decisions after as many days as the operator keeps them, refusals beyond a number. */
  note(note: Note): Promise<void>
  /** Why the newest head is not where verifiers of the folder look for it. */
  readonly unpublished: Failure | undefined
  /** Refuses when this process must not write: its database failed, its clock is ahead. */
  assertWriter(): Promise<void>
  /**
   * Comes when this process must write nothing more: what the disk holds can only be told by opening the database anew. It
   * never comes otherwise.
   */
  readonly lost: Promise<VouchError>
  close(): Promise<void>
}

/** A ban of its credentials alone would let a removed machine come back under a fresh secret. */
export function machineRefused(): VouchError {
  return new VouchError('MACHINE_REFUSED', { rule: 'the machine must not be one that was removed' })
}
