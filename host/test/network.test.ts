import { describe, expect, test } from 'vitest'
import { networkOf } from '../node/http/network.js'
import { Tally } from '../node/http/tally.js'

describe('the client behind an address', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:192.0.2.1', '192.0.2.1'],
    ['::ffff:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['2001:db8:0:1::1', '2001:db8:0:1'],
    ['2001:0DB8:0000:0001:ffff:ffff:ffff:ffff', '2001:db8:0:1'],
    ['2001:db8::', '2001:db8:0:0'],
    ['2001:db8::1:2:3:192.0.2.1', '2001:db8:0:1'],
    ['2001:db8:1:2:3:4:192.0.2.1', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['unknown', 'unknown'],
    ['127.0.0.1, port 4711', '127.0.0.1, port 4711'],
  ])('%s is %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

test('a tally holds no client that has no place', () => {
  const tally = new Tally()
  for (let i = 0; i < 10_000; i++) {
    const address = `2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}::1`
    tally.enter(address)
    tally.enter(address)
    expect(tally.of(address)).toBe(2)
    tally.leave(address)
    tally.leave(address)
  }
  expect(tally.size).toBe(0)
})
