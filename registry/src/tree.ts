import { emptyNode, equalBytes, type Hasher, REGISTRY_DEPTH } from '@vouch/protocol'

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

/** A node, the empty one where none was written. */
export function nodeOr(nodes: NodeReader, height: number, index: number): Uint8Array {
  return nodes.node(height, index) ?? emptyNode(height)
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
