import { registryLeaf } from '../credential.js'
import { fieldToBytes } from '../hashes/field.js'
import { type Hasher, slowHasher } from '../hashes/hasher.js'
import { TAG } from '../hashes/poseidon2.js'
import { emptySubtree, REGISTRY_DEPTH } from '../registry/fixed-tree.js'

const EMPTY = Array.from({ length: REGISTRY_DEPTH + 1 }, (_, height) => fieldToBytes(emptySubtree(height)))

/** Where no leaf is, or no more. */
export const EMPTY_LEAF = EMPTY[0] ?? new Uint8Array(32)

/** The root of an empty subtree. */
export const emptyNode = (height: number): Uint8Array => EMPTY[height] ?? EMPTY_LEAF

const LEAF_TAG = fieldToBytes(TAG.LEAF)

export interface LeafContent {
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: number
}

/** `registryLeaf`, with the hasher given: a rebuild computes a million of them. */
export function leafOf(hash: Hasher, { credential, policyId, expiresAt }: LeafContent): Uint8Array {
  if (hash === slowHasher) return fieldToBytes(registryLeaf(credential, policyId, expiresAt))
  return hash(LEAF_TAG, fieldToBytes(credential), fieldToBytes(policyId), fieldToBytes(BigInt(expiresAt)))
}

/** Leaves that a client fetches together: whoever asks for a leaf alone says which one is theirs. */
export const BUCKET_HEIGHT = 10
export const BUCKET_LEAVES = 2 ** BUCKET_HEIGHT

/** The nodes above those of a layer, of which the first are given. */
export function layerAbove(
  hash: Hasher,
  layer: readonly Uint8Array[],
  height: number,
): readonly Uint8Array[] {
  const empty = emptyNode(height)
  return Array.from({ length: Math.ceil(layer.length / 2) }, (_, i) =>
    hash(layer[2 * i] ?? empty, layer[2 * i + 1] ?? empty),
  )
}

/** The nodes beside the path from a node up to a height, the lowest first. */
export function siblingsAbove(
  hash: Hasher,
  layer: readonly Uint8Array[],
  index: number,
  { from, to }: { readonly from: number; readonly to: number },
): readonly Uint8Array[] {
  const siblings: Uint8Array[] = []
  let nodes = layer
  for (let height = from; height < to; height++) {
    siblings.push(nodes[(index >> (height - from)) ^ 1] ?? emptyNode(height))
    nodes = layerAbove(hash, nodes, height)
  }
  return siblings
}

/** Root of a bucket whose first leaves are given. */
export function bucketRoot(hash: Hasher, leaves: readonly Uint8Array[]): Uint8Array {
  let layer = leaves
  for (let height = 0; height < BUCKET_HEIGHT; height++) layer = layerAbove(hash, layer, height)
  return layer[0] ?? emptyNode(BUCKET_HEIGHT)
}
