import type { Results } from './results.js'

/** What may not get worse. `undefined` is what this machine, or a shorter run, does not measure. */
export interface Budget {
  readonly name: string
  readonly value: (results: Results) => number | undefined
  readonly limit: number
  readonly unit: string
  /** Hard: the same on every machine. Noisy: a time, which a shared or slower machine stretches. */
  readonly kind: 'hard' | 'noisy'
}
