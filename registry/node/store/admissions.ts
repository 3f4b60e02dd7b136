import type { Turns } from '@vouch/host'
import { EMPTY_LEAF, type Hasher, leafOf, toInteger, VouchError } from '@vouch/protocol'
import { type AdmissionRecord, encodeRecord, RECORD_TYPE } from '@vouch/protocol/registrar-folder'
import type { Admitted, NewMember } from '../../src/store.js'
import { Batch } from './batch.js'
import type { IndexFiles } from './index-files.js'
import type { RecordLog } from './record-log.js'

/** Admissions in one write: bounds the memory that their evidence takes at once. */
const MAX_BATCH = 256

export interface AdmissionParts {
  readonly log: RecordLog
  readonly evidence: RecordLog
  readonly index: IndexFiles
  readonly now: () => number
  readonly hash: Hasher
}

/** Who is told how a write went. */
interface Heard {
  readonly onWritten: (count: number) => Promise<void>
  readonly onFailure: (error: unknown) => void
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

/** Members that wait to be admitted: whoever comes while the disk is busy goes with the next write, so its time is shared. */
export class Admissions {
  private readonly waiting: Waiting[] = []
  private readonly parts: AdmissionParts
  private readonly turns: Turns
  private readonly heard: Heard

  constructor(parts: AdmissionParts, turns: Turns, heard: Heard) {
    this.parts = parts
    this.turns = turns
    this.heard = heard
  }

  admit(member: NewMember): Promise<Admitted> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ member, resolve, reject })
      if (this.waiting.length === 1) this.takeTurn()
    })
  }

  /** Whatever goes wrong in a turn is told to those who wait for it: nobody else would ever hear of it. */
  private takeTurn(): void {
    void this.turns.take(async () => {
      const together = this.waiting.splice(0, MAX_BATCH)
      if (this.waiting.length > 0) this.takeTurn()
      try {
        const accepted = this.judge(together)
        if (accepted.length > 0) await this.write(accepted)
      } catch (error) {
        this.heard.onFailure(error)
        for (const { reject } of together) reject(error)
      }
    })
  }

  private judge(together: readonly Waiting[]): readonly Accepted[] {
    const batch = new Batch(this.parts.index, this.parts.now())
    return together.flatMap((one) => {
      try {
        return [{ ...one, index: batch.add(one.member) }]
      } catch (error) {
        one.reject(error)
        return []
      }
    })
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
    const admissions = accepted.map(({ member }, i): AdmissionRecord => {
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
    await this.heard.onWritten(accepted.length)
  }
}
