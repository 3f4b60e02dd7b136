import { equalBytes, fieldToBytes, REGISTRY_DEPTH, toHex, VouchError } from '@vouch/protocol'
import { assertBody } from '@vouch/protocol/registrar-folder'
import { encodeMember } from '../../src/member.js'
import { machineRefused, type NewMember } from '../../src/store.js'
import type { IndexFiles } from './index-files.js'

const CAPACITY = 2 ** REGISTRY_DEPTH

/**
 * Members that are to be admitted by one write. They are judged by those before them in the batch too: two requests with one
 * nonce, or beyond a quota together, may come at the same time.
 */
export class Batch {
  private readonly members: NewMember[] = []
  private readonly index: IndexFiles
  private readonly now: number

  constructor(index: IndexFiles, now: number) {
    this.index = index
    this.now = now
  }

  /** Takes a member in, or says why not. Answers with its index. */
  add(member: NewMember): number {
    const { credential, machine, policyId, quota, nonce, expiresAt, evidence } = member
    // What cannot be written is refused here, alone: further on it would take the whole batch with it.
    encodeMember({ credential, machine, policyId, nonce, expiresAt, removed: false })
    assertBody(evidence)
    this.refuseKnown(member)
    if (machine !== undefined && this.index.isRefused(machine)) throw machineRefused()
    if (machine !== undefined && quota !== undefined) this.refuseBeyondQuota(machine, policyId, quota)
    const index = this.index.size + this.members.length
    if (index >= CAPACITY)
      throw new VouchError('TREE_FULL', {
        rule: `a registry must hold at most ${CAPACITY} leaves`,
        hint: 'open a new registry',
      })
    this.members.push(member)
    return index
  }

  /** A nonce is good for one credential, and a credential is admitted once: who is known has used theirs. */
  private refuseKnown({ credential, nonce }: NewMember): void {
    const index = this.index.find(credential)
    const known = index === undefined ? undefined : this.index.member(index)
    const inBatch = this.members.find((member) => member.credential === credential)
    const used = known?.nonce ?? inBatch?.nonce
    if (used === undefined) return
    if (equalBytes(used, nonce))
      throw new VouchError('NONCE_USED', { rule: 'a nonce must admit once', given: toHex(nonce) })
    throw new VouchError('CREDENTIAL_REFUSED', {
      rule: known?.removed
        ? 'a credential that was removed must never be admitted again'
        : 'a credential must be admitted once',
      given: toHex(fieldToBytes(credential)),
      hint: 'enroll with a fresh holder secret',
    })
  }

  private refuseBeyondQuota(machine: Uint8Array, policyId: bigint, quota: number): void {
    const before = liveLeaves(this.index, machine, policyId, this.now)
    const inBatch = this.members.filter(
      (member) =>
        member.machine !== undefined && equalBytes(member.machine, machine) && member.policyId === policyId,
    )
    if (before + inBatch.length < quota) return
    throw new VouchError('QUOTA_EXCEEDED', {
      rule: `a machine must have at most ${quota} live credentials under this policy`,
      given: `${before + inBatch.length}`,
      hint: 'wait until one of them expires',
    })
  }
}

/** Leaves of a machine under a policy that are neither expired nor removed. */
export function liveLeaves(index: IndexFiles, machine: Uint8Array, policyId: bigint, now: number): number {
  let live = 0
  for (const member of index.membersOf(machine)) {
    if (member.policyId === policyId && !member.removed && member.expiresAt >= now) live++
  }
  return live
}
