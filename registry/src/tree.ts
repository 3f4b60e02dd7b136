import type { Hasher } from '@vouch/circuits'
import {
  emptySubtree,
  equalBytes,
  fieldToBytes,
  p2,
  REGISTRY_DEPTH,
  registryLeaf,
  TAG,
  toInteger,
} from '@vouch/protocol'

export type { Hasher } from '@vouch/circuits'

/** P2 in JavaScript: starts at once, and is slow for a whole registry. */
export const slowHasher: Hasher = (...inputs) => fieldToBytes(p2(...inputs.map(toInteger)))

/** Where the nodes of a tree lie. A node that was never written is the root of an empty subtree. */
export interface NodeReader {
  node(height: number, index: number): Uint8Array | undefined
}

export interface NodeChange {
  readonly height: number
  readonly index: number
  readonly node: Uint8Array
}

export interface TreeChange {
  readonly root: Uint8Array
  readonly changes: readonly NodeChange[]
}

const EMPTY = Array.from({ length: REGISTRY_DEPTH + 1 }, (_, height) => fieldToBytes(emptySubtree(height)))

export const EMPTY_LEAF = EMPTY[0] ?? new Uint8Array(32)

/** A node, the empty one where none was written. */
export function nodeOr(nodes: NodeReader, height: number, index: number): Uint8Array {
  return nodes.node(height, index) ?? EMPTY[height] ?? EMPTY_LEAF
}

/**
 * What becomes of the tree when leaves are set: every node above one of them, each computed once. There is no frontier beside
 * the nodes that could go stale: a removed leaf is gone from all that later insertions read. What lies above a
 * changed leaf is never read, so the nodes there may be of any time, as after a crash.
 */
export function setLeaves(
  nodes: NodeReader,
  hash: Hasher,
  leaves: ReadonlyMap<number, Uint8Array>,
): TreeChange {
  const changes: NodeChange[] = []
  let layer = leaves
  for (let height = 0; ; height++) {
    for (const [index, node] of layer) changes.push({ height, index, node })
    if (height === REGISTRY_DEPTH) break
    const child = (index: number): Uint8Array => layer.get(index) ?? nodeOr(nodes, height, index)
    const above = new Map<number, Uint8Array>()
    for (const index of layer.keys()) {
      const parent = index >> 1
      if (!above.has(parent)) above.set(parent, hash(child(2 * parent), child(2 * parent + 1)))
    }
    layer = above
  }
  return { root: layer.get(0) ?? nodeOr(nodes, REGISTRY_DEPTH, 0), changes }
}

/** Whether a leaf and the nodes beside its path lead to the root that is there: a sibling that rotted would make a wrong one. */
export function isPathSound(nodes: NodeReader, hash: Hasher, index: number): boolean {
  let node = nodeOr(nodes, 0, index)
  for (let height = 0; height < REGISTRY_DEPTH; height++) {
    const at = index >> height
    const sibling = nodeOr(nodes, height, at ^ 1)
    node = at & 1 ? hash(sibling, node) : hash(node, sibling)
  }
  return equalBytes(node, nodeOr(nodes, REGISTRY_DEPTH, 0))
}

/** The nodes that insertions from `size` on will read: left siblings above that place, the lowest first. */
export function edgePlaces(size: number): readonly { readonly height: number; readonly index: number }[] {
  return Array.from({ length: REGISTRY_DEPTH }, (_, height) => ({
    height,
    index: (size >> height) - 1,
  })).filter(({ height }) => (size >> height) & 1)
}

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
  const empty = EMPTY[height] ?? EMPTY_LEAF
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
    siblings.push(nodes[(index >> (height - from)) ^ 1] ?? EMPTY[height] ?? EMPTY_LEAF)
    nodes = layerAbove(hash, nodes, height)
  }
  return siblings
}

/** Root of a bucket whose first leaves are given. */
export function bucketRoot(hash: Hasher, leaves: readonly Uint8Array[]): Uint8Array {
  let layer = leaves
  for (let height = 0; height < BUCKET_HEIGHT; height++) layer = layerAbove(hash, layer, height)
  return layer[0] ?? EMPTY[BUCKET_HEIGHT] ?? EMPTY_LEAF
}
