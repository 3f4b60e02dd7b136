import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  emptySubtree,
  fixedPath,
  fixedRoot,
  P,
  p2,
  policiesRoot,
  REGISTRY_DEPTH,
  rootOfPath,
  servicesRoot,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces('empty-subtree', 'registry-tree', 'registry-leaf', 'policies-root', 'services-root')

const DEPTH = 4
const leaves = fc.array(fc.bigInt(0n, P - 1n), { minLength: 1, maxLength: 2 ** DEPTH })

describe('a tree of fixed depth', () => {
  it('has a path for each of its leaves, and for no other', () => {
    fc.assert(
      fc.property(leaves, (all) => {
        const root = fixedRoot(DEPTH, all)
        for (const [index, leaf] of all.entries()) {
          expect(rootOfPath(DEPTH, leaf, fixedPath(DEPTH, all, index))).toBe(root)
        }
      }),
      { numRuns: 5 },
    )
    for (const index of [-1, 3, 0.5, Number.NaN]) {
      expectRefusal(
        () => fixedPath(DEPTH, [1n, 2n, 3n], index),
        'LEAF_MISSING',
        'a leaf index must be one of the leaves',
      )
    }
  })

  it('is filled up with empty leaves', () => {
    expect(fixedRoot(DEPTH, [1n, 2n])).toBe(fixedRoot(DEPTH, [1n, 2n, 0n, 0n]))
    expect(fixedRoot(REGISTRY_DEPTH, [])).toBe(emptySubtree(REGISTRY_DEPTH))
    expect(policiesRoot([])).toBe(emptySubtree(4))
    expect(servicesRoot([])).toBe(emptySubtree(8))
  })

  it('holds no more than fits, and no more than field elements', () => {
    expect(fixedRoot(1, [1n, 2n])).toBe(p2(1n, 2n))
    expectRefusal(() => fixedRoot(1, [1n, 2n, 3n]), 'TREE_FULL', 'a tree of depth 1 holds 2 leaves')
    expectRefusal(
      () => fixedRoot(1, [P]),
      'VALUE_OUT_OF_RANGE',
      'leaf must be below the order of the scalar field',
    )
  })
})

describe('forged paths', () => {
  const all = [11n, 12n, 13n, 14n, 15n]
  const root = fixedRoot(DEPTH, all)
  const path = fixedPath(DEPTH, all, 2)
  const rule = 'a path in a tree of depth 4 must have 4 siblings and an index below 16'

  it('do not pass an inner node off as a leaf', () => {
    const [, ...above] = path.siblings
    expectRefusal(
      () => rootOfPath(DEPTH, p2(13n, 14n), { index: 1, siblings: above }),
      'VALUE_MALFORMED',
      rule,
    )
    // With the depth that the forger would like, it does lead to the root: the depth is what stops it.
    expect(rootOfPath(DEPTH - 1, p2(13n, 14n), { index: 1, siblings: above })).toBe(root)
  })

  it('do not name a leaf by another index', () => {
    for (const index of [2 + 16, 2 + 2 ** 32, -14, 2.5]) {
      expectRefusal(() => rootOfPath(DEPTH, 13n, { ...path, index }), 'VALUE_MALFORMED', rule)
    }
    for (const index of [0, 1, 3, 6, 10]) {
      expect(rootOfPath(DEPTH, 13n, { ...path, index })).not.toBe(root)
    }
  })

  it('do not show another leaf', () => {
    expect(rootOfPath(DEPTH, 14n, path)).not.toBe(root)
    expectRefusal(
      () => rootOfPath(DEPTH, 13n, { ...path, siblings: path.siblings.map((sibling) => sibling + P) }),
      'VALUE_OUT_OF_RANGE',
      'sibling must be below the order of the scalar field',
    )
  })
})
