import { fromHex } from '@vouch/protocol'
import type { VendorAnchor } from '../../core/anchors.js'

export interface NitroAnchor extends VendorAnchor {
  readonly kind: 'aws-nitro' | 'simulated-nitro'
}

/** AWS's root of enclaves. */
export const NITRO_ANCHORS: readonly NitroAnchor[] = [
  {
    name: 'AWS Nitro Enclaves root G1', // https://aws-nitro-enclaves.amazonaws.com/AWS_NitroEnclaves_Root-G1.zip
    kind: 'aws-nitro',
    spki: fromHex('f2caf5ecc6190b4a8399b78bc58a2bbcd0382375db8a1bfd78a82743874fd225'),
  },
  {
    name: 'simulated Nitro', // fixtures/simulated-nitro/root.pem: its key is public, so what it signs is worth nothing
    kind: 'simulated-nitro',
    spki: fromHex('7d2649bf16daf964712a00e57c65faf1a28571bbef31bf97c78f9d7ce7ef7aae'),
  },
]

/** The root's certificate whole, by its SHA-256. */
export const NITRO_ROOTS: readonly Uint8Array[] = [
  '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b', // AWS Nitro Enclaves root G1
].map((hash) => fromHex(hash))
