import { expect, test } from 'vitest'
import { uncovered } from '../testing/uncovered.js'

const crate = (text: string, tests = '') => ({
  name: 'vouch_sample',
  sources: [{ path: 'sample.nr', text }],
  tests: { path: 'tests.nr', text: tests },
})

const SOURCE = `
pub fn f(x: Field) {
    assert(g(x, "a)b") == 1, "sample: g is one"); // assert(false, "in a comment")
    f_with(
        x,
        // Safety: the assertion below takes only the one half.
        unsafe { __half(x) },
    );
}

fn f_with(x: Field, half: Field) {
    assert_eq(
        half + half,
        x,
        "sample: half is half",
    );
    half.assert_max_bit_size::<8>();
}

unconstrained fn __half(x: Field) -> Field { x / 2 }
`

const fails = (message: string, name: string, attacks = '') =>
  `${attacks}#[test(should_fail_with = "${message}")]\npub fn ${name}() {\n    f_with(2, 3);\n}\n`

const ALL_TESTS =
  fails('sample: g is one', 'a') +
  fails('sample: half is half', 'b', '/// attacks: __half\n') +
  fails('call to assert_max_bit_size', 'c')

test('finds nothing where every constraint and hint is attacked', () => {
  expect(uncovered([crate(SOURCE, ALL_TESTS)], [], [])).toEqual([])
})

test('finds each constraint that no test sees fail', () => {
  expect(
    uncovered([crate(SOURCE, fails('sample: half is half', 'b', '/// attacks: __half\n'))], [], []),
  ).toEqual([
    'sample.nr:3: no test fails with "sample: g is one"',
    'sample.nr:17: no test fails with "call to assert_max_bit_size"',
  ])
})

test('counts range checks, which share a message', () => {
  const twice = SOURCE.replace('half.assert_max', 'x.assert_max_bit_size::<9>();\n    half.assert_max')
  expect(uncovered([crate(twice, ALL_TESTS)], [], [])).toEqual([
    'sample.nr:18: no test fails with "call to assert_max_bit_size"',
  ])
})

test('finds a hint that no failing test attacks', () => {
  const gap = ['sample.nr: no failing test says "/// attacks: __half"']
  expect(uncovered([crate(SOURCE, ALL_TESTS.replace('/// attacks: __half\n', ''))], [], [])).toEqual(gap)
  const onlyPassing = `${ALL_TESTS.replace('/// attacks: __half\n', '')}/// attacks: __half\n#[test]\npub fn d() {}\n`
  expect(uncovered([crate(SOURCE, onlyPassing)], [], [])).toEqual(gap)
})

test('finds unsafe that says nothing, hints without their underscores, assertions without a message', () => {
  const careless = `
fn f(x: Field) {
    let half = unsafe { halve(x) };
    assert(half + half == x);
}

unconstrained fn halve(x: Field) -> Field { x / 2 }
`
  expect(uncovered([crate(careless)], [], [])).toEqual([
    'sample.nr:4: an assertion without a message',
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
  expect(uncovered([], [crate(borrowed)], [])).toEqual(['sample.nr:5: unsafe without "// Safety:"'])
})

test('finds a message that two assertions share', () => {
  const shared = 'fn f(x: Field) {\n    assert(x == 1, "same");\n    assert(x == 2, "same");\n}\n'
  expect(uncovered([crate(shared, fails('same', 'a'))], [], [])).toEqual([
    'sample.nr:2, sample.nr:3: one message, "same", for several assertions',
  ])
})

test('looks for the messages of binaries among the literals of witness tests, and not in their comments', () => {
  const binary = crate('fn main(x: pub Field) {\n    assert(x == 1, "x isn\'t one");\n}\n')
  expect(uncovered([], [binary], ['// "x isn\'t one"\nbreaks({ x: 2 })'])).toEqual([
    'sample.nr:2: no test fails with "x isn\'t one"',
  ])
  expect(uncovered([], [binary], ['breaks({ x: 2 }, "x isn\'t one")'])).toEqual([])
})
