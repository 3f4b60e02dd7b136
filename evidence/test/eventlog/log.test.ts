import { sha1 } from '@noble/hashes/legacy.js'
import { concat, type ErrorCode, toHex } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { replay } from '../../src/vendors/eventlog/replay.js'
import { looksLikeTcg12, parseTcg12 } from '../../src/vendors/eventlog/tcg12.js'
import { tcg12Event } from '../../testing/tpm.js'

const digest = (fill: number): Uint8Array => new Uint8Array(20).fill(fill)
const log = concat(tcg12Event(0, digest(1)), tcg12Event(4, digest(2)), tcg12Event(0, digest(3)))
const extended = (...digests: readonly Uint8Array[]): Uint8Array =>
  digests.reduce((value, next) => sha1(concat(value, next)), new Uint8Array(20))

describe('a log of SHA-1 digests', () => {
  test('is read event by event, and replayed register by register', () => {
    const events = parseTcg12(log)
    expect(events.map(({ register }) => register)).toEqual([0, 4, 0])
    expect(replay(events, 'sha1')).toEqual(
      new Map([
        [0, extended(digest(1), digest(3))],
        [4, extended(digest(2))],
      ]),
    )
    expect(replay(events, 'sha256').size).toBe(0)
  })

  test('has events that extend nothing', () => {
    const events = parseTcg12(concat(tcg12Event(0, digest(9), { type: 3 }), log))
    expect(replay(events, 'sha1')).toEqual(replay(parseTcg12(log), 'sha1'))
  })

  test('starts PCR 0 from the locality that it names', () => {
    const data = concat(new TextEncoder().encode('StartupLocality\0'), Uint8Array.of(3))
    const start = tcg12Event(0, digest(0), { type: 3, data })
    const value = replay(parseTcg12(concat(start, tcg12Event(0, digest(1)))), 'sha1').get(0)
    expect(toHex(value ?? digest(0))).toBe(toHex(sha1(concat(digest(0).with(-1, 3), digest(1)))))
  })

  test.each<[string, ErrorCode, Uint8Array]>([
    ['its last event cut short', 'TRUNCATED', log.subarray(0, -1)],
    ['a header cut short', 'TRUNCATED', log.subarray(0, log.length - 20)],
    [
      'more events than any machine logs',
      'TOO_LARGE',
      concat(...Array.from({ length: 20_001 }, () => tcg12Event(0, digest(1)))),
    ],
  ])('with %s is refused', (_, code, bytes) => {
    expect(looksLikeTcg12(bytes)).toBe(true)
    expect(refusalOf(() => parseTcg12(bytes)).code).toBe(code)
  })

  test('is told from other files by its first event', () => {
    expect(looksLikeTcg12(log.with(0, 24))).toBe(false)
    expect(looksLikeTcg12(log.with(7, 0x40))).toBe(false)
    expect(looksLikeTcg12(log.subarray(0, 31))).toBe(false)
    expect(looksLikeTcg12(new Uint8Array(64))).toBe(false)
    expect(looksLikeTcg12(tcg12Event(0, digest(1)).with(28, 200))).toBe(false)
  })
})
