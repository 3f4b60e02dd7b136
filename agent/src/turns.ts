import { VouchError } from '@vouch/protocol'

/** How many may wait for their turn, and how long for their answer. */
export interface TurnPatience {
  readonly most: number
  readonly milliseconds: number
}

/**
 * One thing at a time, in order; past so many that wait, no more are taken. Nobody waits for ever: hardware that does not
 * answer is asked nothing else meanwhile, for each question to it may be a thread that never comes back.
 */
export class BoundedTurns {
  private last: Promise<unknown> = Promise.resolve()
  private waiting = 0
  private readonly patience: TurnPatience

  constructor(patience: TurnPatience) {
    this.patience = patience
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    const { most, milliseconds } = this.patience
    if (this.waiting >= most) {
      throw new VouchError('BUSY', { rule: `the hardware takes ${most} questions at a time` })
    }
    this.waiting++
    let timer: ReturnType<typeof setTimeout> | undefined
    let isOver = false
    const over = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        isOver = true
        reject(unanswered(milliseconds))
      }, milliseconds)
    })
    const turn = this.last.then(() => {
      if (isOver) throw unanswered(milliseconds)
      return work()
    })
    this.last = turn.catch(() => undefined)
    try {
      return await Promise.race([turn, over])
    } finally {
      clearTimeout(timer)
      this.waiting--
    }
  }
}

function unanswered(milliseconds: number): VouchError {
  return new VouchError('PROVIDER_FAILED', {
    rule: `the hardware must answer within ${milliseconds} ms`,
    hint: 'if it goes on, the machine is broken: look at its kernel log, and start it anew',
  })
}
