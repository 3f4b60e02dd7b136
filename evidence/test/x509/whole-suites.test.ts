import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import DIFFERENCES from '../../../fixtures/x509/differences.json' with { type: 'json' }
import LIMBO from '../../../fixtures/x509/limbo.json' with { type: 'json' }
import PKITS from '../../../fixtures/x509/pkits.json' with { type: 'json' }
import { readSuites } from '../../../fixtures/x509/read.js'
import { committedPart } from '../../../fixtures/x509/suite.js'
import { differencesTable } from '../../../fixtures/x509/table.js'
import { compare } from '../../testing/chains.js'

const page = readFileSync(new URL('../../../docs/x509.md', import.meta.url), 'utf8')
const idsOf = ({ cases }: { readonly cases: readonly { readonly id: string }[] }) => cases.map(({ id }) => id)

test('docs/x509.md has the table of differences as it is', () => {
  for (const verdict of ['refused', 'accepted'] as const) expect(page).toContain(differencesTable(verdict))
})

test('the committed cases hold every difference but those of families that meet one rule', () => {
  const committed = [...idsOf(LIMBO), ...idsOf(PKITS)]
  for (const { because, cases } of DIFFERENCES)
    expect(
      cases.some((id) => committed.includes(id)),
      because,
    ).toBe(true)
})

// The whole suites, where VOUCH_LIMBO and VOUCH_PKITS name their folders. What is committed of them is judged everywhere.
for (const { suite, committed } of readSuites(process.env).map(({ suite, file }) => ({
  suite,
  committed: file === 'limbo.json' ? LIMBO : PKITS,
}))) {
  test(`${suite.name}, whole, is judged as it says, but for what the table explains`, async () => {
    const { agreed, different, outside, wrong } = await compare(suite)
    expect(wrong).toEqual([])
    expect(page).toContain(`| ${suite.name} | ${agreed} | ${different} | ${outside} |`)
  })

  test(`${suite.name} has every case that is committed of it, and that the table explains`, () => {
    expect(idsOf(committedPart(suite))).toEqual(idsOf(committed))
    const isOfPkits = (id: string): boolean => id.startsWith('4.')
    const explained = DIFFERENCES.flatMap(({ cases }) => cases)
    const own = explained.filter((id) => isOfPkits(id) === idsOf(suite).some(isOfPkits))
    expect(own.filter((id) => !idsOf(suite).includes(id))).toEqual([])
  })
}
