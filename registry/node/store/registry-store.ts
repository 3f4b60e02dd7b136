import { Turns } from '@vouch/host'
import { EMPTY_LEAF, type Failure, type Head, toInteger, VouchError } from '@vouch/protocol'
import { encodeRecord, MAX_REASON_BYTES } from '@vouch/protocol/registrar-folder'
import { nextHead } from '../../src/heads.js'
import type { Admitted, Banned, NewMember, Registry } from '../../src/store.js'
import type { TreeChange } from '../../src/tree.js'
import { type AdmissionParts, Admissions } from './admissions.js'
import { MAX_REFUSED } from './checkpoint.js'
import { publishHead } from './head-file.js'
import type { Lock } from './lock.js'
import { OpenView, type ViewParts } from './open-view.js'
import type { SigningClock } from './signing-clock.js'

/** Admissions between two checkpoints: what a start after a crash must replay, at a third of a millisecond each. */
const CHECKPOINT_EVERY = 1024

export interface StoreParts extends AdmissionParts, ViewParts {
  readonly folder: string
  readonly lock: Lock
  readonly clock: SigningClock
  readonly signer: Uint8Array | undefined
}

export class RegistryStore extends OpenView<StoreParts> implements Registry {
  private readonly turns = new Turns()
  private readonly admissions: Admissions
  private end: (error: VouchError) => void = () => undefined
  readonly lost = new Promise<VouchError>((resolve) => {
    this.end = resolve
  })

  private sinceCheckpoint = 0
  private notPublished: VouchError | undefined

  constructor(parts: StoreParts) {
    super(parts)
    this.admissions = new Admissions(parts, this.turns, {
      onWritten: async (count) => {
        this.sinceCheckpoint += count
        if (this.sinceCheckpoint >= CHECKPOINT_EVERY) await this.checkpoint()
      },
      onFailure: (error) => this.noteLoss(error),
    })
  }

  get unpublished(): Failure | undefined {
    return this.notPublished
  }

  async admit(member: NewMember): Promise<Admitted> {
    this.parts.clock.time() // a leaf admitted under a clock of next year is in force until then
    return this.admissions.admit(member)
  }

  remove(index: number, reason: string): Promise<Head> {
    return this.writing(() => this.removeNow(index, reasonBytes(reason)))
  }

  ban(machine: Uint8Array, reason: string): Promise<Banned> {
    return this.writing(() => this.banNow(machine, reasonBytes(reason)))
  }

  pardon(machine: Uint8Array, reason: string): Promise<void> {
    return this.writing(() => this.pardonNow(machine, reasonBytes(reason)))
  }

  cutHead({ evenIfUnchanged = false }: { readonly evenIfUnchanged?: boolean } = {}): Promise<Head> {
    return this.writing(async () => {
      const head = await this.cutNow(evenIfUnchanged)
      if (this.notPublished !== undefined) throw this.notPublished
      return head
    })
  }

  assertWriter(): Promise<void> {
    return this.writing(async () => {
      const { lock, log, evidence, clock } = this.parts
      await lock.assertHeld()
      await log.assertAppendable()
      await evidence.assertAppendable()
      clock.time()
    })
  }

  close(): Promise<void> {
    return this.turns.take(async () => {
      await this.checkpoint()
      const { log, evidence, index, lock } = this.parts
      await Promise.all([log.close(), evidence.close(), index.close()])
      await lock.release()
    })
  }

  /** Does what writes, when its turn comes, and finds out whether it was the last that this process may do. */
  private writing<Result>(task: () => Promise<Result>): Promise<Result> {
    return this.turns.take(async () => {
      try {
        return await task()
      } catch (error) {
        this.noteLoss(error)
        throw error
      }
    })
  }

  private noteLoss(error: unknown): void {
    if (!(error instanceof VouchError)) return
    const isBroken = this.parts.log.isBroken || this.parts.evidence.isBroken
    if (isBroken || error.code === 'LOCKED' || error.code === 'LOG_CORRUPT') this.end(error)
  }

  private async removeNow(at: number, reason: Uint8Array): Promise<Head> {
    const { index, log, lock } = this.parts
    await lock.assertHeld() // another writer would have changed the index under this one's hands
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
    const { index, log, lock } = this.parts
    await lock.assertHeld()
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
    return this.follow(head)
  }

  private async cutNow(evenIfUnchanged: boolean): Promise<Head> {
    const { index, log, lock } = this.parts
    const newest = this.head
    await lock.assertHeld() // what is published again below may be older than what another writer published
    if (!evenIfUnchanged && newest.size === index.size) {
      await this.publish(newest) // again, should the disk have refused it before
      return newest
    }
    const head = this.headOver(index.root, false)
    await log.append([encodeRecord({ kind: 'head', head })])
    return this.follow(head)
  }

  private headOver(root: bigint, refusesEarlierRoots: boolean): Head {
    const { id: registryId, index, clock, signer } = this.parts
    if (signer === undefined)
      throw new VouchError('USAGE', { rule: 'cutting a head needs the key that signs heads' })
    const { head: before } = this
    const now = clock.time()
    return nextHead({ registryId, before, size: index.size, root, refusesEarlierRoots, now, signer })
  }

  private async follow(head: Head): Promise<Head> {
    this.parts.index.addHead(head)
    await this.checkpoint()
    await this.publish(head)
    return head
  }

  /**
   * What the disk refuses here undoes nothing: the head is in the log, and is served from there. So it is no failure of what cut the
   * head: an operator who is told that a removal failed would repeat it, or believe the machine to be still in.
   */
  async publish(head = this.head): Promise<void> {
    try {
      await publishHead(this.parts.folder, head)
      this.notPublished = undefined
    } catch (error) {
      if (!(error instanceof VouchError)) throw error
      this.notPublished = error
    }
  }

  /** Saves the next start a replay, and no more: when the disk refuses it, the log still has everything. */
  async checkpoint(): Promise<void> {
    const { index, id, log, evidence, lock } = this.parts
    try {
      await lock.assertHeld()
      await index.checkpoint(id, log.position, evidence.position)
      this.sinceCheckpoint = 0
    } catch {
      // tried again at the next occasion
    }
  }
}

function reasonBytes(reason: string): Uint8Array {
  const bytes = new TextEncoder().encode(reason)
  if (bytes.length <= MAX_REASON_BYTES) return bytes
  throw new VouchError('TOO_LARGE', { rule: `a reason must have at most ${MAX_REASON_BYTES} bytes` })
}
