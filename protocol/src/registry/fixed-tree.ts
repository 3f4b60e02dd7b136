import { VouchError } from '../errors.js'
import { assertField } from '../hashes/field.js'
import { p2 } from '../hashes/poseidon2.js'

/** Depths of the trees whose shape never changes. */
export const REGISTRY_DEPTH = 20
export const SERVICES_DEPTH = 8
export const POLICIES_DEPTH = 4

/** Where a leaf lies in a tree of fixed depth: its index, and siblings from the leaf up. */
export interface FixedPath {
  readonly index: number
  readonly siblings: readonly bigint[]
}

const zeros: bigint[] = [0n]

/** Root of an empty subtree of that height: Z0 = 0, Z(i+1) = P2(Zi, Zi). */
export function emptySubtree(height: number): bigint {
  for (let i = zeros.length; i <= height; i++) zeros.push(p2(zeros[i - 1] ?? 0n, zeros[i - 1] ?? 0n))
  return zeros[height] ?? 0n
}

/** Root of the tree whose first leaves are given and whose others are empty. */
export function fixedRoot(depth: number, leaves: readonly bigint[]): bigint {
  return layersOf(depth, leaves)[depth]?.[0] ?? emptySubtree(depth)
}

/** The path of one leaf. */
export function fixedPath(depth: number, leaves: readonly bigint[], index: number): FixedPath {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) {
    throw new VouchError('LEAF_MISSING', {
      rule: 'a leaf index must be one of the leaves',
      given: String(index),
    })
  }
  const layers = layersOf(depth, leaves).slice(0, depth)
  const siblings = layers.map((layer, height) => layer[(index >> height) ^ 1] ?? emptySubtree(height))
  return { index, siblings }
}

/**
 * The root that a leaf and its path lead to. A proof holds when it is the root that the verifier already has. The depth
 * is the verifier's too: from a shorter path an inner node would pass for a leaf.
 */
export function rootOfPath(depth: number, leaf: bigint, { index, siblings }: FixedPath): bigint {
  if (siblings.length !== depth || !Number.isInteger(index) || index < 0 || index >= 2 ** depth) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: `a path in a tree of depth ${depth} must have ${depth} siblings and an index below ${2 ** depth}`,
      given: `${siblings.length} siblings, index ${index}`,
    })
  }
  return siblings.reduce((node, sibling, height) => {
    assertField(sibling, 'sibling')
    return (index >> height) & 1 ? p2(sibling, node) : p2(node, sibling)
  }, leaf)
}

/** Every layer that is not all empty, from the leaves up: layer i holds the nodes of height i. */
function layersOf(depth: number, leaves: readonly bigint[]): readonly (readonly bigint[])[] {
  if (leaves.length > 2 ** depth) {
    throw new VouchError('TREE_FULL', {
      rule: `a tree of depth ${depth} holds ${2 ** depth} leaves`,
      given: `${leaves.length}`,
    })
  }
  const layers: bigint[][] = [leaves.map((leaf) => assertField(leaf, 'leaf'))]
  for (let height = 0; height < depth; height++) {
    const below = layers[height] ?? []
    const empty = emptySubtree(height)
    layers.push(
      Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
        p2(below[2 * i] ?? empty, below[2 * i + 1] ?? empty),
      ),
    )
  }
  return layers
}
