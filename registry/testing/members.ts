import { sha256 } from '@noble/hashes/sha2.js'
import { secretSigner } from '@vouch/host'
import { concat, fieldFromHash, fieldToBytes, fromInteger, type Hasher } from '@vouch/protocol'
import type { NewMember } from '../src/store.js'

export const NOW = 1_800_000_000
export const SIGNER = secretSigner(new Uint8Array(32).fill(7))
export const ID = new Uint8Array(32).fill(3)
export const POLICY = fieldFromHash('policy', new Uint8Array())

/** A hash that is none of the protocol's, for tests of a thousand crashes: what a tree is made of matters to none of them. */
export const quickHash: Hasher = (...inputs) => {
  const digest = sha256(concat(...inputs))
  digest[0] = 0 // below the field's order
  return digest
}

/** The n-th of many different members, the same in every process. */
export function member(n: number, change: Partial<NewMember> = {}): NewMember {
  return {
    nonce: fieldToBytes(fieldFromHash('nonce', fromInteger(n, 4))),
    credential: fieldFromHash('credential', fromInteger(n, 4)),
    policyId: POLICY,
    expiresAt: NOW + 3600 * (1 + (n % 48)),
    machine: fieldToBytes(fieldFromHash('machine', fromInteger(n, 4))),
    evidence: fromInteger(n, 8),
    ...change,
  }
}
