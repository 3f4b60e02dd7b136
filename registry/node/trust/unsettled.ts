import type { Registry } from '../../src/store.js'
import type { RegistryContract } from './contract.js'

/**
 * What this node has signed for and has not seen on chain yet. Where the deadline passed and it never came, it holds no place:
 * else a peer that is down would use up the quota of honest machines.
 */
export class Unsettled {
  private readonly store: Registry
  private readonly contract: Pick<RegistryContract, 'isAdmitted'>
  private readonly now: () => number
  private readonly deadlines = new Map<bigint, number>()

  constructor(store: Registry, contract: Pick<RegistryContract, 'isAdmitted'>, now: () => number) {
    this.store = store
    this.contract = contract
    this.now = now
    // After a start nobody knows any more when they were signed: just now, at the latest.
    for (const { credential, expiresAt, removed } of store.members(0, store.size)) {
      if (!removed && expiresAt > now()) this.add(credential, now() + RESTART_GRACE)
    }
  }

  add(credential: bigint, deadline: number): void {
    this.deadlines.set(credential, deadline)
  }

  /** Lets go of what came to nothing. A credential that was signed for once is not taken again. */
  async settle(): Promise<void> {
    const due = [...this.deadlines].filter(([, deadline]) => deadline + MARGIN < this.now())
    for (const [credential] of due) {
      this.deadlines.delete(credential)
      const member = this.store.find(credential)
      if (member === undefined || member.removed || (await this.contract.isAdmitted(credential))) continue
      await this.store.remove(member.index, 'it never came to the chain')
    }
  }
}

const RESTART_GRACE = 900
/** The chain's clock may be behind. */
const MARGIN = 60
