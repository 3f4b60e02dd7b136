import { fromHex } from '@vouch/protocol'
import type { VendorAnchor } from '../../core/anchors.js'

export interface NvidiaAnchor extends VendorAnchor {
  readonly kind: 'nvidia-gpu' | 'simulated-nvidia'
}

/** NVIDIA's root of devices: GPUs and switches. */
export const NVIDIA_ANCHORS: readonly NvidiaAnchor[] = [
  {
    name: 'NVIDIA Device Identity CA', // the last certificate of every device's chain
    kind: 'nvidia-gpu',
    spki: fromHex('a90c4eb5acfd3e3d03a25db6a26b84f720ad0503196c627c21ddd48dd85b06a4'),
  },
  {
    name: 'simulated NVIDIA', // fixtures/simulated-nvidia/root.pem: its key is public, so what it signs is worth nothing
    kind: 'simulated-nvidia',
    spki: fromHex('419c92812e0204877f374e98518c987d6e4f17f1dd48000a6ae7a1595b3a1ed1'),
  },
]

/** The root's certificate whole, by its SHA-256. */
export const NVIDIA_ROOTS: readonly Uint8Array[] = [
  '102bf659d5419614c9d8e6aecebc80454eb26b1df6a769ac720b9a690b167b48', // NVIDIA Device Identity CA
].map((hash) => fromHex(hash))
