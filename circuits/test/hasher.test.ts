import { fieldToBytes, type Hasher, P, p2, toInteger } from '@vouch/protocol'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { openHasher } from '../src/index.js'

describe('the WebAssembly hasher', () => {
  let hash: Hasher
  beforeAll(async () => {
    hash = await openHasher()
  })

  it('is P2, for every number of inputs in use', () => {
    const inputs = fc.array(fc.bigInt(0n, P - 1n), { minLength: 1, maxLength: 5 })
    fc.assert(
      fc.property(inputs, (values) => {
        expect(toInteger(hash(...values.map((value) => fieldToBytes(value))))).toBe(p2(...values))
      }),
      { numRuns: 50 },
    )
  })

  it('refuses what is no field element, and goes on', () => {
    const one = fieldToBytes(1n)
    expect(() => hash(new Uint8Array(32).fill(255), one)).toThrow()
    expect(toInteger(hash(one, one))).toBe(p2(1n, 1n))
  })
})
