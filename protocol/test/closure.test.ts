import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closureHash, drvOf, osImageHash } from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces('closure-hash', 'drv', 'os-image-hash')

const treeHash = new Uint8Array(32).fill(7)
const entry = (name: string) => ({ name, treeHash })

describe('a closure', () => {
  it('is a set: order does not count, content does', () => {
    const name = fc.stringMatching(/^[a-z0-9-]{1,12}$/)
    fc.assert(
      fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), fc.nat(), (names, seed) => {
        const entries = names.map(entry)
        const turned = [...entries.slice(seed % entries.length), ...entries.slice(0, seed % entries.length)]
        expect(closureHash(turned)).toEqual(closureHash(entries))
        const other = entries.map((one, i) => (i === 0 ? { ...one, treeHash: new Uint8Array(32) } : one))
        expect(closureHash(other)).not.toEqual(closureHash(entries))
      }),
    )
  })

  it('has distinct entries, one at least', () => {
    expectRefusal(() => closureHash([]), 'TOO_LARGE', 'a closure must have 1 to 65535 entries')
    expectRefusal(
      () => closureHash(Array.from({ length: 65_536 }, (_, i) => entry(`n${i}`))),
      'TOO_LARGE',
      'a closure must have 1 to 65535 entries',
    )
    expectRefusal(
      () => closureHash([entry('a'), entry('b'), entry('a')]),
      'NOT_ASCENDING',
      'a name may appear once in a closure',
    )
    expectRefusal(
      () => closureHash([{ name: 'a', treeHash: new Uint8Array(31) }]),
      'VALUE_MALFORMED',
      'tree hash must have 32 bytes',
    )
  })

  it.each(['', 'a/b', 'a b', 'a\n', 'é', 'n'.repeat(212)])('refuses the store name %j', (name) => {
    expectRefusal(
      () => closureHash([entry(name)]),
      'VALUE_MALFORMED',
      'a store name must be 1 to 211 visible ASCII characters without /',
    )
  })
})

describe('a program', () => {
  it('must be in its closure', () => {
    expectRefusal(
      () => drvOf([entry('a')], 'b', 'bin/b'),
      'VALUE_MALFORMED',
      'the store path of a program must be in its closure',
    )
  })

  it.each([
    '',
    '/bin/a',
    'bin//a',
    'bin/',
    './a',
    'bin/./a',
    '../b/bin/b',
    '..',
    'bin/a b',
    'é',
    'p'.repeat(1025),
  ])('has one plain path inside its store path, so not %j', (program) => {
    expectRefusal(
      () => drvOf([entry('a')], 'a', program),
      'VALUE_MALFORMED',
      'a program must be a plain path of 1 to 1024 visible ASCII characters inside its store path',
    )
  })

  it('may have dots in its name', () => {
    expect(drvOf([entry('a')], 'a', 'bin/..a/b..')).toHaveLength(32)
  })

  it('is told apart from another split of the same letters', () => {
    expect(drvOf([entry('a'), entry('ab')], 'a', 'bc')).not.toEqual(
      drvOf([entry('a'), entry('ab')], 'ab', 'c'),
    )
  })
})

it('an image is told apart by every byte of its configuration', () => {
  const image = (configuration: string) => osImageHash([entry('a')], new TextEncoder().encode(configuration))
  expect(image('{}')).not.toEqual(image('{} '))
})
