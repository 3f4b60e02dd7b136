import { networkOf } from './network.js'

/** How many places each client has taken. A client without a place takes no memory: there are no more entries than places. */
export class Tally {
  private readonly taken = new Map<string, number>()

  of(address: string): number {
    return this.taken.get(networkOf(address)) ?? 0
  }

  enter(address: string): void {
    this.taken.set(networkOf(address), this.of(address) + 1)
  }

  leave(address: string): void {
    const left = this.of(address) - 1
    if (left > 0) this.taken.set(networkOf(address), left)
    else this.taken.delete(networkOf(address))
  }

  get size(): number {
    return this.taken.size
  }
}
