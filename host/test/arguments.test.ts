import { expect, test } from 'vitest'
import { durationArgument } from '../node/index.js'

const bounds = { min: 1, max: 86_400 }

test.each([
  ['300', 300],
  ['300s', 300],
  ['5m', 300],
  ['1h', 3600],
  ['24h', 86_400],
])('a length of time is given as %s', (text, seconds) => {
  expect(durationArgument(text, '--every', bounds)).toBe(seconds)
})

test.each(['', '0', '-5', '1.5m', 'm', '5 m', '5d', '25h', '1e3', '5mm', '0x10', '99999999'])(
  'a length of time is not given as %j',
  (text) => {
    expect(() => durationArgument(text, '--every', bounds)).toThrow('--every must be 1 s to 86400 s')
  },
)
