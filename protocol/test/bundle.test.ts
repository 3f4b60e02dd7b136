import { describe, expect, it } from 'vitest'
import { equalBytes, MAX_FILE_BYTES, MAX_PAYLOAD_BYTES, P, parseBundle, printBundle } from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'
import { bundle } from './support/samples.js'

itReproduces('bundle', 'reply')

describe('a bundle', () => {
  it('is read back as it was written', () => {
    expect(parseBundle(printBundle(bundle))).toEqual(bundle)
  })

  it('fits in a file with the largest payload and the largest proof', () => {
    const largest = {
      ...bundle,
      envelope: new Uint8Array(106 + MAX_PAYLOAD_BYTES),
      proof: new Uint8Array(65_536),
    }
    const file = printBundle(largest)
    expect(file.length).toBeLessThan(MAX_FILE_BYTES)
    const { envelope, proof } = parseBundle(file)
    expect(equalBytes(envelope, largest.envelope)).toBe(true)
    expect(equalBytes(proof, largest.proof)).toBe(true)
  })

  it('is not written when no one could read it', () => {
    expectRefusal(
      () => printBundle({ ...bundle, nullifier: P }),
      'VALUE_OUT_OF_RANGE',
      'bundle.nullifier must be below the order of the scalar field',
    )
    expectRefusal(
      () => printBundle({ ...bundle, proof: new Uint8Array(65_537) }),
      'TOO_LARGE',
      'bundle.proof must have 1 to 65536 bytes',
    )
  })
})
