import { describe, expect, it } from 'vitest'
import {
  admissionNonce,
  assertTime,
  auxOf,
  credential,
  drawHolderSecret,
  gpuDigest,
  gpuNonce,
  MAX_TIME,
  nullifier,
  P,
  registryLeaf,
  reportData,
  shortReportData,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces(
  'holder-secret',
  'credential',
  'nonce',
  'gpu-nonce',
  'gpu-digest',
  'aux',
  'report-data',
  'nullifier',
)

const bytes32 = new Uint8Array(32)
const bytes31 = new Uint8Array(31)
const notField = (what: string) => `${what} must be below the order of the scalar field`

describe('a credential', () => {
  it('is of a service tree that is not empty', () => {
    const rule = 'an empty service tree cannot be enrolled'
    expectRefusal(() => credential(0n, 1n), 'VALUE_OUT_OF_RANGE', rule)
    expectRefusal(() => reportData(bytes32, 0n, bytes32), 'VALUE_OUT_OF_RANGE', rule)
  })

  it('is of field elements', () => {
    expectRefusal(() => credential(P, 1n), 'VALUE_OUT_OF_RANGE', notField('hash input'))
    expectRefusal(() => credential(1n, P), 'VALUE_OUT_OF_RANGE', notField('hash input'))
    expectRefusal(() => nullifier(1n, P), 'VALUE_OUT_OF_RANGE', notField('hash input'))
    expectRefusal(() => registryLeaf(1n, P, 0), 'VALUE_OUT_OF_RANGE', notField('hash input'))
    expectRefusal(() => reportData(bytes32, P, bytes32), 'VALUE_OUT_OF_RANGE', notField('service tree root'))
    expectRefusal(() => admissionNonce(bytes32, bytes32, P), 'VALUE_OUT_OF_RANGE', notField('credential'))
  })

  it('is no leaf, no nullifier: each has a tag of its own', () => {
    expect(new Set([credential(1n, 2n), nullifier(1n, 2n), registryLeaf(1n, 2n, 3)]).size).toBe(3)
  })

  it('hides a secret that never shows in a message', () => {
    const secret = P + 0x5ec2e7n
    try {
      drawHolderSecret(() => new Uint8Array(31).fill(0x5e))
    } catch (error) {
      expect(String(error)).not.toContain('5e5e')
    }
    expect(drawHolderSecret(drawing([secret, 5n]))).toBe(5n)
  })
})

function drawing(draws: readonly bigint[]): (size: number) => Uint8Array {
  const left = [...draws]
  return (size) =>
    Uint8Array.from(Buffer.from((left.shift() ?? 0n).toString(16).padStart(2 * size, '0'), 'hex'))
}

describe('lengths', () => {
  it.each<[string, () => unknown]>([
    ['randomness', () => drawHolderSecret(() => bytes31)],
    ['admitter id', () => admissionNonce(bytes31, bytes32, 1n)],
    ['randomness', () => admissionNonce(bytes32, bytes31, 1n)],
    ['nonce', () => gpuNonce(bytes31)],
    ['nonce', () => auxOf(bytes32, bytes31)],
    ['GPU digest', () => auxOf(bytes31, bytes32)],
    ['OS image hash', () => reportData(bytes31, 1n, bytes32)],
    ['aux', () => reportData(bytes32, 1n, bytes31)],
  ])('%s must have 32 bytes', (what, misuse) => {
    expectRefusal(misuse, 'VALUE_MALFORMED', `${what} must have 32 bytes`)
  })

  it('REPORT_DATA must have 64 bytes', () => {
    expectRefusal(() => shortReportData(bytes32), 'VALUE_MALFORMED', 'REPORT_DATA must have 64 bytes')
  })

  it('evidence of GPUs counts with its borders and its order', () => {
    const of = (...devices: number[][]) => gpuDigest(devices.map((device) => Uint8Array.from(device)))
    const digests = [of([1, 2]), of([1], [2]), of([2], [1]), of([1, 2], []), of()]
    expect(new Set(digests.map(String)).size).toBe(digests.length)
  })
})

describe('a time', () => {
  it('is whole seconds below 2^40', () => {
    expect(assertTime(MAX_TIME, 'time')).toBe(2 ** 40 - 1)
    for (const time of [-1, 0.5, 2 ** 40, Number.NaN, Number.POSITIVE_INFINITY]) {
      expectRefusal(
        () => assertTime(time, 'time'),
        'VALUE_OUT_OF_RANGE',
        'time must be whole seconds below 2^40',
      )
      expectRefusal(
        () => registryLeaf(1n, 1n, time),
        'VALUE_OUT_OF_RANGE',
        'expires_at must be whole seconds below 2^40',
      )
    }
  })
})
