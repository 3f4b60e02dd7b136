import { networkOf } from './token-buckets.js'

/** How many places each address has taken: none takes more than its share of what all have together. */
export class Tally {
  private readonly taken = new Map<string, number>()
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  /** Takes a place, or answers that the address has all it gets. */
  enter(address: string): boolean {
    const key = networkOf(address)
    const taken = this.taken.get(key) ?? 0
    if (taken >= this.most) return false
    this.taken.set(key, taken + 1)
    return true
  }

  leave(address: string): void {
    const key = networkOf(address)
    const left = (this.taken.get(key) ?? 0) - 1
    if (left > 0) this.taken.set(key, left)
    else this.taken.delete(key)
  }
}
