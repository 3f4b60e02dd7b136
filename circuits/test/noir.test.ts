import { beforeAll, describe, expect, test } from 'vitest'
import { cratesIn } from '../testing/crates.js'
import { testsIn } from '../testing/noir-source.js'
import { compileTests, faultOf, type RunTest } from '../testing/runner.js'

// Every `#[test]` of the Noir libraries, found by looking.

for (const crate of cratesIn('lib')) {
  const tests = testsIn(crate.tests?.text ?? '')

  describe(crate.name, () => {
    let run: RunTest

    beforeAll(async () => {
      if (tests.length > 0) run = await compileTests(crate, tests)
    })

    test('has tests, all of them public', () => {
      expect(tests.length).toBeGreaterThan(0)
      expect(tests.filter(({ isPublic }) => !isPublic)).toEqual([])
    })

    for (const noirTest of tests) {
      test(`${crate.name}::${noirTest.name}`, async () => {
        expect(faultOf(noirTest, await run(noirTest))).toBeUndefined()
      })
    }
  })
}
