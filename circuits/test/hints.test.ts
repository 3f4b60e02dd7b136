import { describe, expect, test } from 'vitest'
import { cratesIn } from '../testing/crates.js'
import { hintGaps } from '../testing/hints.js'

describe('the circuits', () => {
  test.each([...cratesIn('lib'), ...cratesIn('bin')])(
    '$name: every hint is attacked and explained',
    (crate) => {
      expect(hintGaps(crate)).toEqual([])
    },
  )
})

const crate = (text: string, tests = '') => ({
  sources: [{ path: 'sample.nr', text }],
  tests: { path: 'tests.nr', text: tests },
})

const SOURCE = `
pub fn f(x: Field) {
    f_with(
        x,
        // Safety: the assertion below takes only the one half.
        unsafe { __half(x) },
    );
}

unconstrained fn __half(x: Field) -> Field { x / 2 }
`

const ATTACK =
  '/// attacks: __half\n#[test(should_fail_with = "sample: half is half")]\npub fn b() {\n    f_with(2, 3);\n}\n'

describe('the search for hints', () => {
  test('finds nothing where a failing test attacks them', () => {
    expect(hintGaps(crate(SOURCE, ATTACK))).toEqual([])
  })

  test('finds a hint that no failing test attacks', () => {
    const gap = ['sample.nr: no failing test says "/// attacks: __half"']
    expect(hintGaps(crate(SOURCE, ATTACK.replace('/// attacks: __half\n', '')))).toEqual(gap)
    const onlyPassing = '/// attacks: __half\n#[test]\npub fn d() {}\n'
    expect(hintGaps(crate(SOURCE, onlyPassing))).toEqual(gap)
  })

  test('finds unsafe that says nothing, and hints without their underscores', () => {
    const careless = `
fn f(x: Field) {
    let half = unsafe { halve(x) };
    assert(half + half == x);
}

unconstrained fn halve(x: Field) -> Field { x / 2 }
`
    expect(hintGaps(crate(careless))).toEqual([
      'sample.nr: the name of the hint halve must start with __',
      'sample.nr:3: unsafe without "// Safety:"',
    ])
  })

  test('does not take the comment of another statement for a reason', () => {
    const borrowed = `
fn f(x: Field) {
    // Safety: asserted below.
    let a = unsafe { __half(x) };
    let b = unsafe { __half(x) };
}
`
    expect(hintGaps(crate(borrowed, ATTACK))).toEqual(['sample.nr:5: unsafe without "// Safety:"'])
  })
})
