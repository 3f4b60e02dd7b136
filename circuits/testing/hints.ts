import type { Crate } from './crates.js'
import { hintsIn, testsIn, unexplainedUnsafe } from './noir-source.js'

type TestedCrate = Pick<Crate, 'sources' | 'tests'>

/**
 * Hints that no failing test attacks, that say no word about why they may be believed, or that are not named as hints. `npm run mutants`
 * removes constraints that are there; a hint that lacks one has nothing to remove.
 */
export function hintGaps({ sources, tests }: TestedCrate): readonly string[] {
  const attacked = testsIn(tests?.text ?? '')
    .filter(({ expects }) => expects.outcome === 'fail')
    .flatMap(({ attacks }) => attacks)
  return sources.flatMap(({ path, text }) => [
    ...hintsIn(text).flatMap((hint) => {
      if (!hint.startsWith('__')) return [`${path}: the name of the hint ${hint} must start with __`]
      return attacked.includes(hint) ? [] : [`${path}: no failing test says "/// attacks: ${hint}"`]
    }),
    ...unexplainedUnsafe(text).map((line) => `${path}:${line}: unsafe without "// Safety:"`),
  ])
}
