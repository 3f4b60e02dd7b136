import { describe, expect, it } from 'vitest'
import { envelopeBytes, someEnvelope } from '../../fixtures/statements/messages.js'
import { askHash, decodeEnvelope, encodeEnvelope, MAX_PAYLOAD_BYTES, PROFILES } from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces('envelope', 'ask-hash')

const envelope = decodeEnvelope(envelopeBytes(someEnvelope))

describe('an envelope', () => {
  it('is read back as it was written, its payload from offset 106', () => {
    const bytes = encodeEnvelope(envelope)
    expect(decodeEnvelope(bytes)).toEqual(envelope)
    expect(bytes.subarray(106)).toEqual(envelope.payload)
  })

  it('holds a payload of one mebibyte, and no more', () => {
    const largest = encodeEnvelope({ ...envelope, payload: new Uint8Array(MAX_PAYLOAD_BYTES) })
    expect(largest).toHaveLength(106 + MAX_PAYLOAD_BYTES)
    expect(decodeEnvelope(largest).payload).toHaveLength(MAX_PAYLOAD_BYTES)
    expectRefusal(
      () => encodeEnvelope({ ...envelope, payload: new Uint8Array(MAX_PAYLOAD_BYTES + 1) }),
      'TOO_LARGE',
      'envelope.payload must have 0 to 1048576 bytes',
    )
  })

  it('does not share memory with the bytes it was read from', () => {
    const bytes = encodeEnvelope(envelope)
    const decoded = decodeEnvelope(bytes)
    bytes.fill(0)
    expect(decoded).toEqual(envelope)
  })

  it('is not written from values that none could be read as', () => {
    expectRefusal(
      () => encodeEnvelope({ ...envelope, time: 1.5 }),
      'VALUE_OUT_OF_RANGE',
      'envelope.time must be whole seconds below 2^40',
    )
    expectRefusal(
      () => encodeEnvelope({ ...envelope, clientNonce: new Uint8Array(31) }),
      'TOO_LARGE',
      'envelope.client_nonce must have 32 to 32 bytes',
    )
    expectRefusal(
      () => askHash(new Uint8Array(31), new Uint8Array()),
      'VALUE_MALFORMED',
      'salt must have 32 bytes',
    )
  })
})

describe('digest profiles', () => {
  it('have distinct numbers, and distinct digests of the same bytes', () => {
    const profiles = Object.values(PROFILES)
    expect(new Set(profiles.map(({ id }) => id)).size).toBe(profiles.length)
    const bytes = encodeEnvelope(envelope)
    expect(new Set(profiles.map(({ digest }) => String(digest(bytes)))).size).toBe(profiles.length)
  })

  it('never hash the same preimage: text under eip191 starts as no envelope does', () => {
    expect(encodeEnvelope(envelope)[0]).not.toBe(0x19)
  })
})
