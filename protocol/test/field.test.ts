import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { read } from '../../fixtures/corpus.js'
import {
  ascii,
  assertField,
  compareBytes,
  concat,
  fieldFromHash,
  fromHex,
  fromInteger,
  halves,
  P,
  p2,
  TAG,
  toHex,
  toInteger,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces('field', 'tag', 'p2')

describe('field elements', () => {
  it('are never reduced', () => {
    expect(assertField(P - 1n)).toBe(P - 1n)
    for (const value of [P, P + 1n, 2n ** 256n, -1n]) {
      expectRefusal(
        () => assertField(value, 'root'),
        'VALUE_OUT_OF_RANGE',
        'root must be below the order of the scalar field',
      )
      expectRefusal(
        () => p2(0n, value),
        'VALUE_OUT_OF_RANGE',
        'hash input must be below the order of the scalar field',
      )
    }
  })

  it('come from bytes by the first 31 bytes of a hash, so they are below 2^248', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (content) => {
        const hash = createHash('sha256').update('domain').update(content).digest('hex')
        expect(fieldFromHash('domain', content)).toBe(BigInt(`0x${hash.slice(0, 62)}`))
      }),
    )
  })

  it('hold 32 bytes in two halves', () => {
    expect(halves(concat(fromInteger(7, 16), fromInteger(9, 16)))).toEqual([7n, 9n])
    expectRefusal(() => halves(new Uint8Array(31)), 'VALUE_MALFORMED', 'value must have 32 bytes')
  })
})

describe('P2', () => {
  it('tells the number of its inputs', () => {
    expect(new Set([p2(0n), p2(0n, 0n), p2(0n, 0n, 0n), p2(0n, 0n, 0n, 0n)]).size).toBe(4)
  })

  it('has a tag of its own for every use', () => {
    expect(new Set(Object.values(TAG)).size).toBe(Object.keys(TAG).length)
  })

  it('has the tags that docs/protocol.md prints, and no other', () => {
    const rows = read('docs/protocol.md').matchAll(/^\| ([A-Z]+), [^|]+ \| `0x([0-9a-f]{62})` \|$/gm)
    const printed = [...rows].map(([, name = '', tag = '']) => [name, BigInt(`0x${tag}`)])
    expect(Object.fromEntries(printed)).toEqual(TAG)
  })
})

describe('bytes', () => {
  it('have one hexadecimal spelling', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(fromHex(toHex(bytes))).toEqual(bytes)
      }),
    )
    for (const text of ['A0', '0', '0x00', ' 00', '00\n', 'g0', '٠٠']) {
      expectRefusal(
        () => fromHex(text, 'key'),
        'VALUE_MALFORMED',
        'key must be pairs of lower-case hexadecimal digits, without prefix',
      )
    }
  })

  it('are big-endian integers of exactly their size', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 40 }), (bytes) => {
        expect(fromInteger(toInteger(bytes), bytes.length)).toEqual(bytes)
      }),
    )
    expect(toInteger(new Uint8Array())).toBe(0n)
    for (const value of [256n, -1n, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectRefusal(() => fromInteger(value, 1), 'VALUE_OUT_OF_RANGE', 'integer must fit in 1 bytes')
    }
    expectRefusal(() => fromInteger(2 ** 53, 8), 'VALUE_OUT_OF_RANGE', 'integer must fit in 8 bytes')
  })

  it('sort as Node sorts buffers', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
        expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
      }),
    )
  })

  it('spell ASCII only', () => {
    expectRefusal(() => ascii('é'), 'VALUE_MALFORMED', 'text must be ASCII')
  })
})
