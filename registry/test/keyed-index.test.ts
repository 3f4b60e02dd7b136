import { fieldFromHash, fieldToBytes, fromInteger } from '@vouch/protocol'
import { describe, expect, it } from 'vitest'
import { KeyedIndex } from '../src/keyed-index.js'

const key = (n: number) => fieldToBytes(fieldFromHash('key', fromInteger(n, 4)))

describe('a keyed index', () => {
  it('has every row among the candidates of its key, the newest first', () => {
    const index = new KeyedIndex(1024, 77)
    for (let row = 0; row < 1000; row++) index.add(key(row % 250), row)
    for (let n = 0; n < 250; n++) {
      const mine = [...index.candidates(key(n))].filter((row) => row % 250 === n)
      expect(mine).toEqual([n + 750, n + 500, n + 250, n])
    }
  })

  it('puts keys together differently under another seed, so that nobody can choose colliding ones', () => {
    const keys = Array.from({ length: 5000 }, (_, n) => key(n))
    const chains = (seed: number) => {
      const index = new KeyedIndex(8192, seed)
      for (const [row, one] of keys.entries()) index.add(one, row)
      return keys.map((one) => [...index.candidates(one)].join())
    }
    const [one, other] = [chains(1), chains(2)]
    const colliding = one.flatMap((chain, row) => (chain.includes(',') ? [{ chain, row }] : []))
    expect(colliding.length).toBeGreaterThan(400)
    expect(colliding.filter(({ chain, row }) => other[row] === chain).length).toBeLessThan(20)
  })

  it('spreads keys that differ in one byte alone', () => {
    const keys = Array.from({ length: 256 }, (_, row) => new Uint8Array(32).with(row % 32, row))
    const index = new KeyedIndex(256, 5)
    for (const [row, one] of keys.entries()) index.add(one, row)
    expect(Math.max(...keys.map((one) => [...index.candidates(one)].length))).toBeLessThan(16)
  })
})
