import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { type Mutant, nameOf } from './mutant.js'

export type Outcome = 'killed' | 'survived' | 'stillborn'

/** The outcome of a mutant. */
export interface Verdict {
  readonly outcome: Outcome
  /** The test that noticed it. */
  readonly by?: string
  readonly seconds: number
}

interface Remembered extends Verdict {
  /** Hash of the source and of the tests that the verdict rests on. */
  readonly stamp: string
}

/** Verdicts of earlier runs. Each holds while the source and the tests that it rests on stay as they are. */
export interface Memory {
  recall(mutant: Mutant, stampOf: (outcome: Outcome, by: string | undefined) => string): Verdict | undefined
  keep(mutant: Mutant, verdict: Verdict, stamp: string): void
}

export function openMemory(file: string, { fresh = false } = {}): Memory {
  const read = (): Record<string, Remembered> =>
    existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  const known = fresh ? {} : read()
  return {
    recall: (mutant, stampOf) => {
      const remembered = known[nameOf(mutant)]
      if (remembered === undefined) return undefined
      const { stamp, ...verdict } = remembered
      return stamp === stampOf(verdict.outcome, verdict.by) ? verdict : undefined
    },
    keep: (mutant, verdict, stamp) => {
      // Reads the file again, because a run over another area may have added verdicts meanwhile.
      const kept = { ...read(), [nameOf(mutant)]: { ...verdict, stamp } }
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(`${file}.new`, JSON.stringify(kept, null, 1))
      renameSync(`${file}.new`, file)
    },
  }
}

export function stampOf(texts: readonly string[]): string {
  const hash = createHash('sha256')
  for (const text of texts) hash.update(`${text.length}:`).update(text)
  return hash.digest('hex').slice(0, 32)
}
