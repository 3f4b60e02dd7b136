import { openHasher } from '@vouch/circuits'
import {
  BUCKET_LEAVES,
  bucketRoot,
  fieldToBytes,
  leafOf,
  P,
  REGISTRY_DEPTH,
  registryLeaf,
  slowHasher,
  toInteger,
} from '@vouch/protocol'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type NodeReader, nodeOr, setLeaves } from '../src/tree.js'
import { remembering } from '../testing/crashes.js'
import { rootOf } from '../testing/registries.js'

class Nodes implements NodeReader {
  readonly all = new Map<string, Uint8Array>()

  node(height: number, index: number): Uint8Array | undefined {
    return this.all.get(`${height}/${index}`)
  }

  set(leaves: readonly (readonly [number, bigint])[]): bigint {
    const bytes = new Map(leaves.map(([index, leaf]) => [index, fieldToBytes(leaf)]))
    const { root, changes } = setLeaves(this, remembering, bytes)
    for (const { height, index, node } of changes) this.all.set(`${height}/${index}`, node)
    return toInteger(root)
  }
}

describe('setting leaves', () => {
  it('leads to the root of all leaves, in whatever order and company they are set', () => {
    const change = fc.tuple(fc.nat(40), fc.oneof(fc.constant(0n), fc.bigInt(1n, P - 1n)))
    fc.assert(
      fc.property(fc.array(fc.array(change, { minLength: 1, maxLength: 6 }), { maxLength: 5 }), (batches) => {
        const nodes = new Nodes()
        const leaves: bigint[] = new Array<bigint>(41).fill(0n)
        for (const batch of batches) {
          for (const [index, leaf] of batch) leaves[index] = leaf
          expect(nodes.set(batch)).toBe(rootOf(leaves))
        }
      }),
      { numRuns: 15 },
    )
  })

  it('works at the far end of the tree', () => {
    const last = 2 ** REGISTRY_DEPTH - 1
    const nodes = new Nodes()
    const empty = nodes.set([])
    expect(nodes.set([[last, 5n]])).not.toBe(empty)
    expect(nodes.set([[last, 0n]])).toBe(empty)
  })

  it('never reads what lies above a changed leaf', () => {
    const nodes = new Nodes()
    nodes.set([
      [0, 1n],
      [1, 2n],
      [5, 3n],
    ])
    for (const [place] of nodes.all)
      if (/^\d+\/0$/.test(place) && place !== '0/0') nodes.all.set(place, new Uint8Array(32).fill(1))
    // 1 and 5 are set again: of the nodes above them, each wrong by now, none may matter.
    expect(
      nodes.set([
        [1, 2n],
        [5, 3n],
      ]),
    ).toBe(rootOf([1n, 2n, 0n, 0n, 0n, 3n]))
  })
})

describe('with the fast hasher', () => {
  it('leaves and nodes are the same', async () => {
    const hash = await openHasher()
    const content = { credential: 11n, policyId: 2n ** 248n + 7n, expiresAt: 1_800_000_000 }
    const leaf = registryLeaf(content.credential, content.policyId, content.expiresAt)
    expect(toInteger(leafOf(hash, content))).toBe(leaf)
    expect(toInteger(leafOf(slowHasher, content))).toBe(leaf)
    expect(hash(fieldToBytes(1n), fieldToBytes(2n))).toEqual(slowHasher(fieldToBytes(1n), fieldToBytes(2n)))
  })
})

describe('a bucket', () => {
  it.each([0, 1, 3, BUCKET_LEAVES])('of %d leaves has the root that the tree has at its place', (count) => {
    const leaves = Array.from({ length: count }, (_, i) => BigInt(i % 4) + 1n)
    const nodes = new Nodes()
    nodes.set(leaves.map((leaf, i) => [BUCKET_LEAVES + i, leaf]))
    expect(
      bucketRoot(
        remembering,
        leaves.map((leaf) => fieldToBytes(leaf)),
      ),
    ).toEqual(nodeOr(nodes, 10, 1))
  })
})
