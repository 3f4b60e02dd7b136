import { describe, expect, test } from 'vitest'
import { promisesIn, rowsWithTests, sourceOf } from '../../test/support/promises.js'
import { KINDS } from '../src/index.js'

// The README names, for each check of each kind, the test that breaks it.

const PAGE = 'evidence/README.md'
const promises = promisesIn(PAGE)

describe('the README', () => {
  test('names a test in every row, and every genuine kind', () => {
    const rows = rowsWithTests(PAGE)
    expect(rows.length).toBeGreaterThan(50)
    for (const row of rows) expect(row).toMatch(/\): "[^|]+" \|$/)
    const named = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, kind]) => kind),
    )
    const genuine = Object.entries(KINDS).flatMap(([kind, { simulated }]) => (simulated ? [] : [kind]))
    expect(named.sort()).toEqual(genuine.sort())
  })

  test.each(promises)('$file has the test "$title"', ({ file, title }) => {
    const source = sourceOf(file)
    expect(["'", '"', '`'].some((quote) => source.includes(`${quote}${title}${quote}`))).toBe(true)
  })
})
