import type { Terminal } from '@vouch/host/node'

/** Milliseconds of each stage that was gone through. */
export type Timings = Readonly<Record<string, number>>

export interface Progress<Stage extends string> {
  begin(stage: Stage): void
  /** Ends the last stage, and answers with what each took. */
  end(): Timings
}

/** Says what is being done while it is done, and how long it took once it was. */
export function progress<Stage extends string>(
  out: Terminal,
  words: Readonly<Record<Stage, string>>,
): Progress<Stage> {
  const timings: Record<string, number> = {}
  let current: { readonly stage: Stage; readonly since: number } | undefined
  const end = (): Timings => {
    if (current !== undefined) {
      const took = Math.round(performance.now() - current.since)
      timings[current.stage] = took
      out.words(`alice: ${words[current.stage]}: ${took} ms`)
      current = undefined
    }
    return timings
  }
  return {
    begin(stage) {
      end()
      current = { stage, since: performance.now() }
      out.words(`alice: ${words[stage]} …`)
    },
    end,
  }
}
