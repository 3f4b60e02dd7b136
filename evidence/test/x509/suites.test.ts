import { expect, test } from 'vitest'
import LIMBO from '../../../fixtures/x509/limbo.json' with { type: 'json' }
import PKITS from '../../../fixtures/x509/pkits.json' with { type: 'json' }
import { compare } from '../../testing/chains.js'

// What is committed of two public suites of tests of certificate paths: see docs/x509.md.

test.each([LIMBO, PKITS])('$name is judged as it says, but for what the table explains', async (suite) => {
  const { wrong } = await compare(suite)
  expect(wrong).toEqual([])
})
