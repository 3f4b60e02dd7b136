import { type EvidenceFile, encodeReport, parseReport } from '@vouch/evidence'
import type { ErrorCode } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { attest } from '../../testing/simulated.js'

const [{ bytes }] = (await attest()) as readonly [EvidenceFile]
const changed = (changes: Readonly<Record<number, number>>, of = bytes): Uint8Array =>
  of.map((byte, i) => changes[i] ?? byte)

const version = (number: number): Uint8Array => changed({ 0: number })

describe('a report', () => {
  test.each([2, 3, 5])('of version %i is written again as it was read', (number) => {
    expect(encodeReport(parseReport(version(number)))).toEqual(version(number))
  })

  test.each<[string, ErrorCode, Uint8Array]>([
    ['version 1', 'VERSION_UNKNOWN', version(1)],
    ['version 4', 'VERSION_UNKNOWN', version(4)],
    ['version 6', 'VERSION_UNKNOWN', version(6)],
    ['a byte less', 'TRUNCATED', bytes.subarray(1)],
    ['a byte more', 'TRAILING_BYTES', Uint8Array.of(...bytes, 0)],
    ['another signature algorithm', 'ALGORITHM_UNKNOWN', changed({ 52: 2 })],
    ['POLICY bit 17 clear', 'NOT_CANONICAL', changed({ 10: 1 })],
    ['POLICY bit 26 set', 'NOT_CANONICAL', changed({ 11: 4 })],
    ['POLICY bit 63 set', 'NOT_CANONICAL', changed({ 15: 0x80 })],
    ['PLATFORM_INFO bit 8 set', 'NOT_CANONICAL', changed({ 65: 1 })],
    ['a bit above SIGNING_KEY set', 'NOT_CANONICAL', changed({ 72: 0x20 })],
    ['CPUID before version 3', 'NOT_CANONICAL', changed({ 0: 2, 392: 0x19 })],
    ['a mitigation vector before version 5', 'NOT_CANONICAL', changed({ 0: 3, 504: 1 })],
    ...[0x4c, 0x4f, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x208, 0x29f, 0x330, 0x49f].map(
      (at): [string, ErrorCode, Uint8Array] => [
        `reserved byte ${at.toString(16)} set`,
        'NOT_CANONICAL',
        changed({ [at]: 1 }),
      ],
    ),
  ])('with %s does not parse: %s', (_, code, wrong) => {
    expect(refusalOf(() => parseReport(wrong)).code).toBe(code)
  })

  test('is written from fields of the right length alone', () => {
    const report = parseReport(bytes)
    expect(refusalOf(() => encodeReport({ ...report, reportData: new Uint8Array(63) })).code).toBe(
      'VALUE_MALFORMED',
    )
  })
})
