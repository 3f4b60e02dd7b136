import { fromHex } from '@vouch/protocol'
import type { VendorAnchor } from '../../core/anchors.js'

export interface TpmAnchor extends VendorAnchor {
  readonly kind: 'tpm' | 'simulated-tpm'
}

/** Authorities that vouch for attestation keys of TPMs. */
export const TPM_ANCHORS: readonly TpmAnchor[] = [
  {
    // Google Cloud's virtual TPMs: "EK/AK CA Root", found in the test data of automata-network/automata-tpm-attestation
    // (test/TPMTest.t.sol @ 1a3ab2bc4886). One source only: it vouches for nothing but quotes of TPMs.
    name: 'Google Cloud EK/AK CA Root',
    kind: 'tpm',
    spki: fromHex('56a613f57126a385dd6949294e93b0b566f96ab0573be0c2368e6f5ca779831f'),
  },
  {
    name: 'simulated authority', // fixtures/simulated-tpm/root.pem: its key is public, so what it signs is worth nothing
    kind: 'simulated-tpm',
    spki: fromHex('aaf56fd6b6b657bd9e25f52c43929041568f5b35af4f5a5c4469f63f4c7ebc75'),
  },
]

/** The root's certificate whole, by its SHA-256. */
export const TPM_ROOTS: readonly Uint8Array[] = [
  '594759594b9b61524f6c8ef668f7177f7b9066bc0674f2f49fe9e052be78beb2', // Google Cloud EK/AK CA Root
].map((hash) => fromHex(hash))
