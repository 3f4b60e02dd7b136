import { Turns } from '@vouch/host'

/**
 * An account's transactions, one after another: each needs the number after the one before it, and a server that is asked
 * twice at once gives the same number twice.
 */
export class Outbox {
  private readonly turns = new Turns()
  private next = 0
  private underWay = 0

  /** Sends under the account's next number. It is under way until `settled` is called. */
  take<Result>(count: () => Promise<number>, send: (nonce: number) => Promise<Result>): Promise<Result> {
    return this.turns.take(async () => {
      const counted = await count()
      // A server may not count yet what another of its kind was sent a moment ago.
      const nonce = this.underWay === 0 ? counted : Math.max(counted, this.next)
      const result = await send(nonce)
      this.next = nonce + 1
      this.underWay++
      return result
    })
  }

  settled(): void {
    this.underWay--
  }
}
