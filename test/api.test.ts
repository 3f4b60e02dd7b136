import { describe, expect, it } from 'vitest'
import { publicEntries, publicNames } from './support/public-names.js'
import { readInRepository } from './support/repository.js'

// `api.txt` lists every name that others may import, by the way into its package. A change to the list is a change of the API.

const listed = new Map(
  readInRepository('test/api.txt')
    .trim()
    .split(/\n\n/)
    .map((chapter) => {
      const [entry = '', ...names] = chapter.split(/\s+/)
      return [entry, names] as const
    }),
)

describe('the public names', () => {
  it('are listed for every way into a package, and for no other', () => {
    expect(publicEntries().map(({ entry }) => entry)).toEqual([...listed.keys()])
  })

  it.each(publicEntries())('of $entry', ({ entry, file }) => {
    expect([...publicNames(file)].sort()).toEqual([...(listed.get(entry) ?? [])].sort())
  })
})
