import { type ErrorCode, toHex, VouchError } from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import {
  checkTicket,
  issueNonce,
  NONCE_LIFETIME,
  type NonceGiver,
  type NonceTicket,
  nonceOf,
  parseNonceRequest,
  parseTicket,
  printNonceRequest,
  printTicket,
} from '../src/admission/nonce.js'

const NOW = 1_800_000_000
const giver: NonceGiver = { registryId: new Uint8Array(32).fill(1), nonceKey: new Uint8Array(32).fill(2) }
const salt = new Uint8Array(8).fill(3)
const ticket = issueNonce(giver, 7n, NOW, salt)

function codeOf(given: NonceTicket, now = NOW, by = giver): ErrorCode | 'accepted' {
  try {
    checkTicket(by, given, now)
    return 'accepted'
  } catch (error) {
    if (error instanceof VouchError) return error.code
    throw error
  }
}

describe('a nonce', () => {
  test('is known again by whoever gave it, and kept by nobody', () => {
    expect(codeOf(ticket)).toBe('accepted')
    expect(codeOf(parseTicket(printTicket(ticket)))).toBe('accepted')
  })

  test('differs with salt, time, credential and registry', () => {
    const nonces = [
      ticket,
      issueNonce(giver, 7n, NOW, salt.with(0, 0)),
      issueNonce(giver, 7n, NOW + 1, salt),
      issueNonce(giver, 8n, NOW, salt),
      issueNonce({ ...giver, registryId: new Uint8Array(32) }, 7n, NOW, salt),
    ]
    expect(new Set(nonces.map((given) => toHex(nonceOf(given)))).size).toBe(nonces.length)
  })

  test('for another credential is unknown', () => {
    expect(codeOf({ ...ticket, credential: 8n })).toBe('NONCE_UNKNOWN')
  })

  test('of another registry, or of another key, is unknown', () => {
    expect(codeOf({ ...ticket, registryId: new Uint8Array(32) })).toBe('NONCE_UNKNOWN')
    expect(codeOf(ticket, NOW, { ...giver, nonceKey: new Uint8Array(32) })).toBe('NONCE_UNKNOWN')
    const foreign = issueNonce({ ...giver, registryId: new Uint8Array(32) }, 7n, NOW, salt)
    expect(codeOf({ ...foreign, registryId: giver.registryId })).toBe('NONCE_UNKNOWN')
  })

  test.each(Array.from({ length: 32 }, (_, i) => i))(
    'with byte %i of its random part changed is unknown',
    (at) => {
      expect(
        codeOf({ ...ticket, random: ticket.random.map((byte, i) => (i === at ? byte ^ 1 : byte)) }),
      ).toBe('NONCE_UNKNOWN')
    },
  )

  test('lives for a quarter of an hour, to the second', () => {
    expect(codeOf(ticket, NOW + NONCE_LIFETIME)).toBe('accepted')
    expect(codeOf(ticket, NOW + NONCE_LIFETIME + 1)).toBe('NONCE_EXPIRED')
    expect(codeOf(ticket, NOW - 1)).toBe('NONCE_EXPIRED')
  })

  test('is asked for with a credential and nothing else', () => {
    expect(parseNonceRequest(printNonceRequest({ version: 1, credential: 7n })).credential).toBe(7n)
    expect(() => parseNonceRequest('{"version":1}')).toThrow('credential')
    expect(() => parseNonceRequest('{"version":1,"credential":"07","name":"x"}')).toThrow(VouchError)
  })
})
