import { describe, expect, test } from 'vitest'
import { TokenBuckets } from '../node/http/index.js'

const rate = { burst: 2, perSecond: 0.5 }

describe('the rate of an address', () => {
  test('is a burst, then so many a second; the first refusal of a run is told apart', () => {
    const buckets = new TokenBuckets(rate)
    const taken = [0, 0, 0, 0, 1, 2, 2].map((now) => buckets.take('192.0.2.1', now))
    expect(taken).toEqual([
      'granted',
      'granted',
      'refused for the first time',
      'refused',
      'refused',
      'granted',
      'refused for the first time',
    ])
  })

  test('is its own', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1 })
    expect(buckets.take('192.0.2.1', 0)).toBe('granted')
    expect(buckets.take('192.0.2.2', 0)).toBe('granted')
    expect(buckets.take('192.0.2.1', 0)).not.toBe('granted')
  })

  test('is that of the whole network behind an IPv6 address', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1 })
    expect(buckets.take('2001:db8:0:1::1', 0)).toBe('granted')
    expect(buckets.take('2001:db8:0:1:ffff::9', 0)).not.toBe('granted')
    expect(buckets.take('2001:db8:0:2::1', 0)).toBe('granted')
    expect(buckets.take('::ffff:192.0.2.1', 0)).toBe('granted')
    expect(buckets.take('192.0.2.1', 0)).not.toBe('granted')
  })

  test('does not grow when the clock goes back', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 1 })
    expect(buckets.take('192.0.2.1', 100)).toBe('granted')
    expect(buckets.take('192.0.2.1', 50)).not.toBe('granted')
  })

  test('is kept for so many addresses and no more, the newest of them', () => {
    const buckets = new TokenBuckets({ burst: 1, perSecond: 0 }, 100)
    for (let i = 0; i < 1000; i++) buckets.take(`10.0.${i >> 8}.${i & 255}`, 0)
    expect(buckets.size).toBe(100)
    expect(buckets.take('10.0.3.231', 0)).not.toBe('granted')
  })
})
