// Reads Noir sources as far as the test runner and the coverage report need it: comments, strings and brackets, no grammar.

/** A `#[test]` function. */
export interface NoirTest {
  readonly name: string
  /** Whether another crate can call it: the runner is one. */
  readonly isPublic: boolean
  /** What the test expects: success, failure with exactly this message, or failure with any message. */
  readonly expects:
    | { readonly outcome: 'pass' }
    | { readonly outcome: 'fail'; readonly message: string | undefined }
  /** Hints that the test attacks, by its `/// attacks: __name` lines. */
  readonly attacks: readonly string[]
}

/** A constraint with a name: `assert`, `assert_eq`, or a range check, whose message is always the same. */
export interface Assertion {
  readonly line: number
  readonly message: string | undefined
}

export const RANGE_CHECK_MESSAGE = 'call to assert_max_bit_size'

const COMMENT_OR_STRING = /\/\/.*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\])*"/g
const TEST =
  /((?:^[ \t]*\/\/\/.*\n)*)^[ \t]*#\[test(?:\((.*)\))?\][ \t]*\n((?:[ \t]*\/\/.*\n)*)[ \t]*(pub )?(?:unconstrained )?fn (\w+)\(\)/gm
const EXPECTED = /^should_fail_with\s*=\s*"((?:\\.|[^"\\])*)"$/
const ATTACKS = /^\s*\/\/\/ attacks: (__\w+)\s*$/gm

export function testsIn(source: string): NoirTest[] {
  return [...source.matchAll(TEST)].map(
    ([, before = '', attribute, between = '', visibility, name = '']) => ({
      name,
      isPublic: visibility !== undefined,
      expects: expectation(name, attribute?.trim()),
      attacks: [...`${before}${between}`.matchAll(ATTACKS)].map(([, hint = '']) => hint),
    }),
  )
}

function expectation(name: string, attribute: string | undefined): NoirTest['expects'] {
  if (attribute === undefined) return { outcome: 'pass' }
  if (attribute === 'should_fail') return { outcome: 'fail', message: undefined }
  const message = EXPECTED.exec(attribute)?.[1]
  if (message === undefined) throw new Error(`${name}: #[test(${attribute})] is not understood`)
  return { outcome: 'fail', message }
}

export function assertionsIn(source: string): Assertion[] {
  const code = blank(source, (token) => token.startsWith('/'))
  const calls = [...code.matchAll(/\bassert(?:_eq)?\(/g)].map((match) => {
    const open = match.index + match[0].length
    return { line: lineOf(source, match.index), message: lastString(code.slice(open, closing(code, open))) }
  })
  const ranges = [...code.matchAll(/\bassert_max_bit_size\b/g)].map(({ index }) => ({
    line: lineOf(source, index),
    message: RANGE_CHECK_MESSAGE,
  }))
  return [...calls, ...ranges]
}

/** Names of the unconstrained functions that the source defines or calls from `unsafe`. */
export function hintsIn(source: string): string[] {
  const code = blank(source, () => true)
  const defined = [...code.matchAll(/\bunconstrained fn (\w+)/g)]
  const called = [...code.matchAll(/\bunsafe\s*\{\s*(?:\w+::)*(\w+)/g)]
  return [...new Set([...defined, ...called].map(([, name = '']) => name))]
}

/** Lines of `unsafe` blocks whose statement no `// Safety:` comment precedes. */
export function unexplainedUnsafe(source: string): number[] {
  const code = blank(source, () => true)
  const lines = source.split('\n')
  return [...code.matchAll(/\bunsafe\s*\{/g)]
    .map(({ index }) => lineOf(source, index))
    .filter((line) => !hasSafetyComment(lines, line))
}

function hasSafetyComment(lines: readonly string[], line: number): boolean {
  for (let i = line - 1; i >= 0; i--) {
    const text = (lines[i] ?? '').trim()
    if (text.includes('// Safety:')) return true
    const isSameStatement = i === line - 1 || text.startsWith('//') || !/[;{}]$/.test(text)
    if (!isSameStatement || text === '') return false
  }
  return false
}

/** Replaces comments and strings, where asked to, by spaces: all other places stay where they are. */
export function blank(source: string, drop: (token: string) => boolean): string {
  return source.replace(COMMENT_OR_STRING, (token) => (drop(token) ? token.replace(/[^\n]/g, ' ') : token))
}

function lineOf(source: string, index: number): number {
  return source.slice(0, index).split('\n').length
}

/** Where the bracket that was opened just before `from` is closed. */
export function closing(code: string, from: number): number {
  const bare = blank(code, () => true)
  let depth = 1
  for (let i = from; i < bare.length; i++) {
    if ('([{'.includes(bare[i] ?? ' ')) depth++
    if (')]}'.includes(bare[i] ?? ' ')) depth--
    if (depth === 0) return i
  }
  return bare.length
}

/** The string that ends a list of arguments, if one does. */
function lastString(argumentList: string): string | undefined {
  return /"((?:\\.|[^"\\])*)"\s*,?\s*$/.exec(argumentList)?.[1]
}
