import { describe, expect, test } from 'vitest'
import { applied, type Change, mutantsOf } from '../mutant.js'
import { noirChanges } from '../places/noir.js'
import { solidityChanges } from '../places/solidity.js'
import { typescriptChanges } from '../places/typescript.js'

const named = (changes: (source: string) => readonly Change[], source: string): readonly string[] =>
  mutantsOf('a', source, changes(source)).map(({ line, change }) => `${line} ${change}`)

/** What the source becomes, one text for each mutant. */
const texts = (changes: (source: string) => readonly Change[], source: string): readonly string[] =>
  mutantsOf('a', source, changes(source)).map(({ edit }) => applied(source, edit))

describe('Noir', () => {
  test('each assert goes, comments and strings do not', () => {
    const source = 'fn f(x: Field) {\n    assert_eq(x, 1, "assert(x);"); // assert(x);\n}\n'
    expect(named(noirChanges, source)).toEqual(['2 remove: assert_eq(x, 1, "assert(x);");'])
    expect(texts(noirChanges, source)).toEqual(['fn f(x: Field) {\n     // assert(x);\n}\n'])
  })

  test('each range check goes, or is a bit wider or narrower', () => {
    expect(
      named(
        noirChanges,
        'fn f() {\n    x.assert_max_bit_size::<BITS>();\n    (a - b).assert_max_bit_size::<8>();\n}',
      ),
    ).toEqual([
      '2 remove: x.assert_max_bit_size::<BITS>();',
      '2 a bit more: BITS → BITS + 1',
      '2 a bit less: BITS → BITS - 1',
      '3 remove: (a - b).assert_max_bit_size::<8>();',
      '3 a bit more: 8 → 8 + 1',
      '3 a bit less: 8 → 8 - 1',
    ])
  })

  test('a call that only refuses goes; naming a witness refuses nothing', () => {
    const source =
      'fn f() {\n    let _ = unpack16(x);\n    assert_member(x, y);\n    std::as_witness(x);\n    let y = g(x);\n}'
    expect(named(noirChanges, source)).toEqual([
      '2 remove: let _ = unpack16(x);',
      '3 remove: assert_member(x, y);',
    ])
  })

  test('an assert in a loop is left out of some rounds, and the loop is shortened', () => {
    const source =
      'fn f() {\n    for level in 0..DEPTH {\n        assert((a - b) * (a - c) == 0, "m");\n    }\n}'
    expect(named(noirChanges, source)).toEqual([
      '2 a round less at the start: 0 → 0 + 1',
      '2 a round less at the end: DEPTH → DEPTH - 1',
      '3 remove: assert((a - b) * (a - c) == 0, "m");',
      ...[
        'level != 0',
        'level != DEPTH - 1',
        'level != (0 + DEPTH) / 2',
        'level < 0 + 4',
        'level == 0',
        'level == DEPTH - 1',
      ].map((rounds) => `3 only where ${rounds}: assert((a - b) * (a - c) == 0, "m");`),
      '3 one factor: (a - b) * (a - c) → (a - b)',
      '3 one factor: (a - b) * (a - c) → (a - c)',
    ])
    expect(texts(noirChanges, source)[6]).toContain(
      'if level < 0 + 4 { assert((a - b) * (a - c) == 0, "m"); }',
    )
  })

  test('each condition is always true, never, and without one of its parts', () => {
    expect(named(noirChanges, 'fn f() { if (i != 0) & (i < N) { g(); } }')).toEqual([
      '1 condition: (i != 0) & (i < N) → true',
      '1 condition: (i != 0) & (i < N) → false',
      '1 condition: (i != 0) & (i < N) → (i != 0)',
      '1 condition: (i != 0) & (i < N) → (i < N)',
      '1 border: < → <=',
      '1 remove: g();',
    ])
  })
})

describe('TypeScript', () => {
  test('each condition is always true and never', () => {
    expect(named(typescriptChanges, 'if (isOld(x)) y = 1\nconst z = q ? 1 : 2')).toEqual([
      '1 condition: isOld(x) → true',
      '1 condition: isOld(x) → false',
      '2 condition: q → true',
      '2 condition: q → false',
    ])
  })

  test('each comparison is, besides, one off at its border', () => {
    expect(named(typescriptChanges, 'const a = b >= c')).toEqual([
      '1 condition: b >= c → true',
      '1 condition: b >= c → false',
      '1 border: >= → >',
    ])
  })

  test('each part of a condition goes, and each negation', () => {
    expect(named(typescriptChanges, 'if (a && !b && f(c)) g = 1').slice(2)).toEqual([
      '1 without a: a && !b && f(c)',
      '1 without !b: a && !b && f(c)',
      '1 without f(c): a && !b && f(c)',
      '1 not: !b → b',
    ])
  })

  test('what require is told is a condition, and so is what a predicate answers', () => {
    expect(
      named(
        typescriptChanges,
        'const x = checks.require(same(a, b), c)\nconst y = d.some((e) => same(e, f))',
      ),
    ).toEqual([
      '1 condition: same(a, b) → true',
      '1 condition: same(a, b) → false',
      '2 condition: same(e, f) → true',
      '2 condition: same(e, f) → false',
    ])
  })

  test('a guard, a thrown failure and a loop go', () => {
    expect(
      named(typescriptChanges, 'check(a)\nawait b.check()\nthrow new Error(c)\nfor (const d of e) f(d)'),
    ).toEqual([
      '1 remove: check(a)',
      '2 remove: await b.check()',
      '3 remove: throw new Error(c)',
      '4 remove: for (const d of e) f(d)',
      '4 remove: f(d)',
    ])
  })

  test('each term of a number goes, and each truth is the other; texts and types stay', () => {
    expect(
      named(
        typescriptChanges,
        `const a = b + 2 * c\nconst d = { e: true }\nconst f = "g" + h\ntype I = true\nconst j = \`\${k - l} s\``,
      ),
    ).toEqual([
      '1 term: b + 2 * c → b',
      '1 term: b + 2 * c → 2 * c',
      '1 term: 2 * c → 2',
      '1 term: 2 * c → c',
      '2 literal: true → false',
    ])
  })
})

describe('Solidity', () => {
  const inFunction = (body: string): string => `contract C {\n    function f() external {\n${body}\n    }\n}`
  const changesOf = (body: string): readonly string[] => named(solidityChanges, inFunction(body))

  test('each guard goes, and is one off at its border', () => {
    expect(
      changesOf(
        'if (a > b + c) revert Late(a); // "ä": offsets are in bytes\nif (d == 0) { revert None(); }',
      ),
    ).toEqual([
      '3 condition: a > b + c → false',
      '3 border: a > b + c → a >= b + c',
      '3 term: b + c → b',
      '4 condition: d == 0 → false',
    ])
  })

  test('each part of a condition goes, and each negation', () => {
    expect(changesOf('// ä\nbool x = a && !b && c >= 1;')).toEqual([
      '4 condition: a && !b && c >= 1 → true',
      '4 condition: a && !b && c >= 1 → false',
      '4 without a: a && !b && c >= 1',
      '4 without !b: a && !b && c >= 1',
      '4 without c >= 1: a && !b && c >= 1',
      '4 not: !b → b',
      '4 border: c >= 1 → c > 1',
    ])
  })

  test('a call, a count, a deletion and a last revert go; events and assignments stay', () => {
    expect(changesOf('check(a);\nn++;\ndelete b;\nemit E(a);\nc = d;\nrevert No();')).toEqual([
      '3 remove: check(a);',
      '4 remove: n++;',
      '5 remove: delete b;',
      '8 remove: revert No();',
    ])
  })

  test('a block takes the place of a statement, for nothing else may stand there', () => {
    const source = inFunction('if (a == b) check(a);')
    expect(texts(solidityChanges, source).at(-1)).toBe(inFunction('if (a == b) {}'))
  })

  test('a loop misses its last round', () => {
    expect(changesOf('for (uint256 i = 0; i < n; i++) c = i;')).toEqual([
      '3 a round less at the end: i < n → i + 1 < n',
    ])
  })
})

test('two places with one text are told apart, and keep their names when lines are added above', () => {
  const source = 'check(a)\ncheck(a)'
  const names = (text: string) => mutantsOf('a', text, typescriptChanges(text)).map(({ change }) => change)
  expect(names(source)).toEqual(['remove: check(a)', 'remove: check(a) #2'])
  expect(names(`\n\n${source}`)).toEqual(names(source))
})
