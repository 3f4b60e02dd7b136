import { VouchError } from '@vouch/protocol'

/** One thing at a time, in order; past so many that wait, no more are taken. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve()
  private waiting = 0
  private readonly most: number

  constructor(most: number) {
    this.most = most
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.waiting >= this.most) {
      throw new VouchError('BUSY', { rule: `the hardware takes ${this.most} questions at a time` })
    }
    this.waiting++
    const turn = this.last.then(work, work)
    this.last = turn.catch(() => undefined)
    try {
      return await turn
    } finally {
      this.waiting--
    }
  }
}
