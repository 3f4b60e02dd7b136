// Reads Noir sources as far as the test runner, the search for hints and the mutants need it: comments, strings and brackets, no grammar.

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
