import type { VouchError } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { expiryOf } from '../src/expiry.js'

const HOUR = 3600
const NOON = 500_000 * HOUR
const policy = {
  ttl: 48 * HOUR,
  collateral: { revocation: 'when_given', maxAge: HOUR, grace: HOUR } as const,
}

describe('a credential is in force', () => {
  test.each<[string, number, number | undefined, number]>([
    ['for the time to live', NOON, undefined, NOON + 48 * HOUR],
    ['rounded down to the hour', NOON + 1, undefined, NOON + 48 * HOUR],
    ['rounded down to the hour, a second before it', NOON + HOUR - 1, undefined, NOON + 48 * HOUR],
    ["to the collateral's end and grace, if that comes first", NOON, NOON + 2 * HOUR + 5, NOON + 3 * HOUR],
    ['no longer for collateral that outlasts it', NOON, NOON + 1000 * HOUR, NOON + 48 * HOUR],
    ['for an hour at least', NOON, NOON, NOON + HOUR],
  ])('%s', (_, now, nextUpdate, expected) => {
    expect(expiryOf(policy, nextUpdate, now)).toBe(expected)
  })

  test.each<[string, number, number]>([
    ['a second less than an hour', NOON + 1, NOON],
    ['nothing', NOON, NOON - 48 * HOUR],
  ])('and not for %s', (_, now, nextUpdate) => {
    expect(() => expiryOf(policy, nextUpdate, now)).toThrow(
      expect.objectContaining({ code: 'LIFETIME_TOO_SHORT' }) as VouchError,
    )
  })
})
