import { blank, closing } from '../../circuits/testing/noir-source.js'
import type { Change } from '../mutant.js'
import { BORDERS } from './operators.js'

// Noir has no parser outside its compiler. Comments and strings are blanked, brackets are counted; a change that does not compile is
// no mutant.

interface Loop {
  readonly variable: string
  readonly from: string
  readonly to: string
  readonly bodyStart: number
  readonly bodyEnd: number
}

/** Every assert, range check, guard call, loop bound and condition of a source, removed or weakened. */
export function noirChanges(source: string): readonly Change[] {
  const code = blank(source, () => true)
  const loops = loopsIn(code)
  return [
    ...assertions(source, code, loops),
    ...rangeBounds(code),
    ...loops.flatMap(({ change }) => change),
    ...conditions(code),
  ]
}

const STATEMENT = /(?<=[;{}]\s*)(?:let _ = )?(?:[\w:.]+|\([^;{}]*?\)\.\w+)(?:::<[^>;]*>)?\(/g

/** Statements whose only effect is to refuse a witness. `as_witness` refuses none: it names a value. */
function assertions(
  source: string,
  code: string,
  loops: readonly { readonly loop: Loop }[],
): readonly Change[] {
  return [...code.matchAll(STATEMENT)].flatMap((match): readonly Change[] => {
    const start = match.index
    const close = closing(code, start + match[0].length)
    const end = close + 2
    if (code[close + 1] !== ';' || match[0].includes('as_witness')) return []
    const statement = source.slice(start, end)
    const inner = loops.filter(({ loop }) => loop.bodyStart < start && end <= loop.bodyEnd).at(-1)
    return [
      { operator: 'remove', start, end, text: '' },
      ...factors(code, start, end),
      ...(inner === undefined ? [] : guarded(inner.loop, start, end, statement)),
    ]
  })
}

/** A statement in a loop, left out in some of its rounds. */
function guarded(
  { variable, from, to }: Loop,
  start: number,
  end: number,
  statement: string,
): readonly Change[] {
  const rounds = [
    `${variable} != ${from}`,
    `${variable} != ${to} - 1`,
    `${variable} != (${from} + ${to}) / 2`,
    ...(Number(to) <= 4 ? [] : [`${variable} < ${from} + 4`]),
    `${variable} == ${from}`,
    `${variable} == ${to} - 1`,
  ]
  return rounds.map((condition) => {
    const text = `if ${condition} { ${statement} }`
    return { operator: `only where ${condition}`, start, end, text, shown: '' }
  })
}

/** `a * b == 0` with a factor of zero or with one factor only. */
function factors(code: string, start: number, end: number): readonly Change[] {
  const product = /\(\(/.exec(code.slice(start, end))
  if (product === null) return []
  const first = start + product.index + 1
  const firstEnd = closing(code, first + 1) + 1
  if (code.slice(firstEnd, firstEnd + 4) !== ' * (') return []
  const second = firstEnd + 3
  const secondEnd = closing(code, second + 1) + 1
  return [
    { operator: 'one factor', start: first, end: secondEnd, text: code.slice(first, firstEnd) },
    { operator: 'one factor', start: first, end: secondEnd, text: code.slice(second, secondEnd) },
  ]
}

function rangeBounds(code: string): readonly Change[] {
  return [...code.matchAll(/assert_max_bit_size::<([^>]+)>/g)].flatMap(({ index, 0: all, 1: bound = '' }) => {
    const start = index + all.length - 1 - bound.length
    const end = start + bound.length
    return [
      { operator: 'a bit more', start, end, text: `${bound} + 1` },
      { operator: 'a bit less', start, end, text: `${bound} - 1` },
    ]
  })
}

function loopsIn(code: string): readonly { readonly loop: Loop; readonly change: readonly Change[] }[] {
  return [...code.matchAll(/\bfor (\w+) in ([^.{]+)\.\.([^{]+?) \{/g)].map((match) => {
    const [all, variable = '', from = '', to = ''] = match
    const bodyStart = match.index + all.length
    const fromStart = match.index + `for ${variable} in `.length
    const toStart = fromStart + from.length + 2
    const change = [
      {
        operator: 'a round less at the start',
        start: fromStart,
        end: fromStart + from.length,
        text: `${from} + 1`,
      },
      { operator: 'a round less at the end', start: toStart, end: toStart + to.length, text: `${to} - 1` },
    ]
    return { loop: { variable, from, to, bodyStart, bodyEnd: closing(code, bodyStart) }, change }
  })
}

function conditions(code: string): readonly Change[] {
  const ofIf = [...code.matchAll(/\bif ([^{]+?) \{/g)].flatMap(({ index, 1: condition = '' }) => {
    const start = index + 'if '.length
    const end = start + condition.length
    const operands = condition.split(/ [&|] /)
    const texts = ['true', 'false', ...(operands.length > 1 ? operands : [])]
    return texts.map((text) => ({ operator: 'condition', start, end, text }))
  })
  const comparisons = [...code.matchAll(/(?<= )(?:<=|>=|<|>)(?= )/g)].map(({ index, 0: operator }) => ({
    operator: 'border',
    start: index,
    end: index + operator.length,
    text: BORDERS[operator] ?? operator,
  }))
  return [...ofIf, ...comparisons]
}
