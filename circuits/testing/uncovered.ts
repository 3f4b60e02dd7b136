import type { Crate, SourceFile } from './crates.js'
import {
  type Assertion,
  assertionsIn,
  hintsIn,
  type NoirTest,
  RANGE_CHECK_MESSAGE,
  testsIn,
  unexplainedUnsafe,
} from './noir-source.js'

type TestedCrate = Pick<Crate, 'name' | 'sources' | 'tests'>

/**
 * What the tests leave untried: constraints that no test sees fail, hints that no test lies in, hints that say no word about
 * why they may be believed. Libraries are tested in Noir; binaries by witness tests, whose sources are given as text.
 */
export function uncovered(
  libraries: readonly TestedCrate[],
  binaries: readonly TestedCrate[],
  witnessTests: readonly string[],
): string[] {
  const literals = witnessTests.flatMap(stringsIn)
  const inLibraries = libraries.flatMap((crate) => {
    const tests = testsIn(crate.tests?.text ?? '')
    return [...constraintGaps(crate, tests.flatMap(expectedMessage)), ...hintGaps(crate, tests)]
  })
  const inBinaries = binaries.flatMap((crate) => constraintGaps(crate, literals))
  const explained = [...libraries, ...binaries].flatMap(({ sources }) => sources.flatMap(unsafeGaps))
  return [...inLibraries, ...inBinaries, ...explained, ...sharedMessages([...libraries, ...binaries])]
}

function expectedMessage({ expects }: NoirTest): string[] {
  return expects.outcome === 'fail' && expects.message !== undefined ? [expects.message] : []
}

/** Range checks share one message, so it must be seen as often as there are range checks in the crate. */
function constraintGaps({ sources }: TestedCrate, seen: readonly string[]): string[] {
  let unusedRangeFailures = seen.filter((message) => message === RANGE_CHECK_MESSAGE).length
  return assertionsOf(sources).flatMap(({ place, message }) => {
    if (message === undefined) return [`${place}: an assertion without a message`]
    const isSeen = message === RANGE_CHECK_MESSAGE ? unusedRangeFailures-- > 0 : seen.includes(message)
    return isSeen ? [] : [`${place}: no test fails with "${message}"`]
  })
}

function hintGaps({ sources }: TestedCrate, tests: readonly NoirTest[]): string[] {
  const attacked = tests.filter(({ expects }) => expects.outcome === 'fail').flatMap(({ attacks }) => attacks)
  return sources.flatMap(({ path, text }) =>
    hintsIn(text).flatMap((hint) => {
      if (!hint.startsWith('__')) return [`${path}: the name of the hint ${hint} must start with __`]
      return attacked.includes(hint) ? [] : [`${path}: no failing test says "/// attacks: ${hint}"`]
    }),
  )
}

function unsafeGaps({ path, text }: SourceFile): string[] {
  return unexplainedUnsafe(text).map((line) => `${path}:${line}: unsafe without "// Safety:"`)
}

/** A message in two places would let one test stand for two constraints. */
function sharedMessages(crates: readonly TestedCrate[]): string[] {
  const places = new Map<string, string[]>()
  for (const { place, message } of crates.flatMap(({ sources }) => assertionsOf(sources))) {
    if (message !== undefined && message !== RANGE_CHECK_MESSAGE) {
      places.set(message, [...(places.get(message) ?? []), place])
    }
  }
  return [...places]
    .filter(([, shared]) => shared.length > 1)
    .map(([message, shared]) => `${shared.join(', ')}: one message, "${message}", for several assertions`)
}

function assertionsOf(
  sources: readonly SourceFile[],
): (Omit<Assertion, 'line'> & { readonly place: string })[] {
  return sources.flatMap(({ path, text }) =>
    assertionsIn(text).map(({ line, message }) => ({ place: `${path}:${line}`, message })),
  )
}

const TYPESCRIPT_TOKENS = /\/\/.*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g

/** The string literals of a TypeScript source. */
function stringsIn(source: string): string[] {
  return [...source.matchAll(TYPESCRIPT_TOKENS)]
    .map(([token]) => token)
    .filter((token) => !token.startsWith('/'))
    .map((token) => token.slice(1, -1).replace(/\\(.)/g, '$1'))
}
