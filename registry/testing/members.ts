import { secretSigner } from '@vouch/host'
import { fieldFromHash, fieldToBytes, fromInteger } from '@vouch/protocol'
import type { NewMember } from '../src/store.js'

export const NOW = 1_800_000_000
export const SIGNER = secretSigner(new Uint8Array(32).fill(7))
export const ID = new Uint8Array(32).fill(3)
export const POLICY = fieldFromHash('policy', new Uint8Array())

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
