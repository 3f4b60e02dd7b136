import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testsIn } from '../testing/noir-source.js'
import { compileTests, faultOf, type RunTest } from '../testing/runner.js'

// A runner that cannot fail proves nothing: this crate's tests are wrong on purpose.

const TESTS = `
#[test]
pub fn holds() {
    assert_eq(1 + 1, 2);
}

#[test]
pub fn does_not_hold() {
    crate::is_one(2);
}

#[test(should_fail_with = "x is not one")]
pub fn fails_as_expected() {
    crate::is_one(2);
}

#[test(should_fail_with = "x is not")]
pub fn fails_otherwise() {
    crate::is_one(2);
}

#[test(should_fail)]
pub fn fails_anyhow() {
    crate::is_one(2);
}

#[test(should_fail_with = "x is not one")]
pub fn should_fail_and_does_not() {
    crate::is_one(1);
}

#[test]
fn private() {}
`

const folder = mkdtempSync(join(tmpdir(), 'vouch-sample-crate-'))
const tests = testsIn(TESTS).filter(({ isPublic }) => isPublic)
let run: RunTest

beforeAll(async () => {
  mkdirSync(join(folder, 'src'))
  writeFileSync(
    join(folder, 'Nargo.toml'),
    '[package]\nname = "sample"\ntype = "lib"\nauthors = [""]\n\n[dependencies]\n',
  )
  writeFileSync(
    join(folder, 'src/lib.nr'),
    'pub mod tests;\n\npub fn is_one(x: Field) {\n    assert(x == 1, "x is not one");\n}\n',
  )
  writeFileSync(join(folder, 'src/tests.nr'), TESTS)
  run = await compileTests({ name: 'sample', folder, sources: [], tests: undefined }, tests)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('finds every test, and those that nobody can call', () => {
  expect(testsIn(TESTS).map(({ name }) => name)).toContain('private')
  expect(tests).toHaveLength(6)
})

test.each([
  ['holds', undefined],
  ['does_not_hold', 'it failed: x is not one'],
  ['fails_as_expected', undefined],
  ['fails_otherwise', 'it should fail with "x is not", and failed with "x is not one"'],
  ['fails_anyhow', undefined],
  ['should_fail_and_does_not', 'it passed, and should fail'],
])('%s', async (name, fault) => {
  const noirTest = tests.find((candidate) => candidate.name === name)
  if (noirTest === undefined) throw new Error(`${name} was not found`)
  expect(faultOf(noirTest, await run(noirTest))).toBe(fault)
})
