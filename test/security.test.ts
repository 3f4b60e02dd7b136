import { describe, expect, it } from 'vitest'
import { promisesIn, rowsWithTests, sourceOf } from './support/promises.js'

// SECURITY.md names a test for each attack. A renamed test must not leave a promise behind that nothing keeps.

const promises = promisesIn('SECURITY.md')

describe('SECURITY.md', () => {
  it('names a test in every row of its table of attacks', () => {
    const rows = rowsWithTests('SECURITY.md')
    expect(rows.length).toBeGreaterThan(15)
    expect(promises.length).toBeGreaterThanOrEqual(rows.length)
  })

  it.each(promises)('$file has the test "$title"', ({ file, title }) => {
    expect(sourceOf(file).includes(title)).toBe(true)
  })
})
