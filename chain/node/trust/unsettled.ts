import { VouchError } from '@vouch/protocol'
import type { Registry } from '@vouch/registry'
import type { RegistryContract } from './contract.js'

/**
 * What this node has signed for and has not seen on chain yet. Where the deadline passed and it never came, it holds no place:
 * else a peer that is down would use up the quota of honest machines.
 */
export class Unsettled {
  private readonly store: Pick<Registry, 'find' | 'remove'>
  private readonly contract: Pick<RegistryContract, 'isAdmitted'>
  private readonly now: () => number
  private readonly deadlines = new Map<bigint, number>()
  private running: Promise<void> | undefined

  constructor(
    store: Pick<Registry, 'find' | 'remove'>,
    contract: Pick<RegistryContract, 'isAdmitted'>,
    now: () => number,
  ) {
    this.store = store
    this.contract = contract
    this.now = now
  }

  /** After a start no one knows any more when members were signed for: just now, at the latest. */
  async resume(store: Pick<Registry, 'members'>): Promise<void> {
    for (let from = 0; ; from += PAGE) {
      const page = await store.members(from, PAGE)
      for (const { credential, expiresAt, removed } of page)
        if (!removed && expiresAt > this.now()) this.add(credential, this.now() + RESTART_GRACE)
      if (page.length < PAGE) return
    }
  }

  add(credential: bigint, deadline: number): void {
    this.deadlines.set(credential, deadline)
  }

  /** Lets go of what came to nothing. A credential that was signed for once is not taken again. */
  settle(): Promise<void> {
    this.running ??= this.settleDue().finally(() => {
      this.running = undefined
    })
    return this.running
  }

  private async settleDue(): Promise<void> {
    const due = [...this.deadlines].filter(([, deadline]) => deadline + MARGIN < this.now())
    for (let i = 0; i < due.length; i += AT_ONCE) {
      await Promise.all(due.slice(i, i + AT_ONCE).map(([credential]) => this.settleOne(credential)))
    }
  }

  private async settleOne(credential: bigint): Promise<void> {
    const member = await this.store.find(credential)
    if (member !== undefined && !member.removed) {
      const isAdmitted = await this.contract.isAdmitted(credential).catch(whenUnknown)
      // What the chain can't be asked now is asked the next time: whoever enrolls meanwhile has nothing to do with it.
      if (isAdmitted === undefined) return
      if (!isAdmitted) await this.store.remove(credential, 'it never came to the chain')
    }
    this.deadlines.delete(credential)
  }
}

function whenUnknown(error: unknown): undefined {
  if (!(error instanceof VouchError)) throw error
}

const RESTART_GRACE = 900
/** Members that are read at a time. */
const PAGE = 4096
/** The chain's clock may be behind. */
const MARGIN = 60
/** How many the chain is asked about at once. */
const AT_ONCE = 16
