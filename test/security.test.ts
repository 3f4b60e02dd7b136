import { describe, expect, it } from 'vitest'
import { readInRepository } from './support/repository.js'

// SECURITY.md names a test for each attack. A renamed test must not leave a promise behind that nothing keeps.

const PROMISE = /\]\((\S+?\.(?:test\.ts|t\.sol|nr))\): "([^|]*?)"(?=<br>| \|)/g

const promises = [...readInRepository('SECURITY.md').matchAll(PROMISE)].map(([, file = '', title = '']) => ({
  file,
  title,
}))

describe('SECURITY.md', () => {
  it('names a test in every row of its table of attacks', () => {
    const rows = readInRepository('SECURITY.md')
      .split('\n')
      .filter((line) => /^\| [^*-]/.test(line) && line.includes('.test.ts'))
    expect(rows.length).toBeGreaterThan(15)
    expect(promises.length).toBeGreaterThanOrEqual(rows.length)
  })

  it.each(promises)('$file has the test "$title"', ({ file, title }) => {
    const source = readInRepository(file).replaceAll("\\'", "'")
    expect(source.includes(title)).toBe(true)
  })
})
