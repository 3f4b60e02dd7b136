import { SparseMerkleTree } from '@zk-kit/sparse-merkle-tree'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collisions, SHARING_BITS, service, serviceOf } from '../../fixtures/statements/services.js'
import {
  buildServiceTree,
  P,
  p2,
  publicKeyFromUncompressed,
  SERVICE_TREE_DEPTH,
  serviceKey,
  serviceLeaf,
  serviceRoot,
  serviceValue,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'

itReproduces('service-key', 'service-value', 'service-leaf', 'service-tree')

const some = (instances: readonly number[]) => instances.map((i) => serviceOf(service('echo', i)))

describe('a service tree', () => {
  it('is the tree of the library whose layout it takes, whatever the order and number of services', () => {
    const history = fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(history, (instances) => {
        const services = instances.map((instance) => ({ ...serviceOf(service('echo')), instance }))
        const library = new SparseMerkleTree((children) => p2(...children), true)
        for (const one of services) library.add(serviceKey(one), serviceValue(one.publicKey))
        const built = buildServiceTree(services.toReversed())
        expect(built.root).toBe(library.root)
        for (const one of services) expect(serviceRoot(one, built.pathOf(one))).toBe(built.root)
      }),
      { numRuns: 10 },
    )
  })

  it('does not show what is not in it', () => {
    const built = buildServiceTree(some([0, 1, 2]))
    const [stranger] = some([3])
    const [member] = some([0])
    if (stranger === undefined || member === undefined) throw new Error('no services')
    const rule = 'the service must be in the tree'
    expectRefusal(() => built.pathOf(stranger), 'LEAF_MISSING', rule)
    expectRefusal(() => built.pathOf({ ...member, publicKey: stranger.publicKey }), 'LEAF_MISSING', rule)
  })

  it('holds a service and instance once', () => {
    const [one] = some([0])
    const [other] = some([1])
    if (one === undefined || other === undefined) throw new Error('no services')
    const rule = 'a service and instance may appear once in a tree'
    expectRefusal(() => buildServiceTree([one, one]), 'TREE_COLLISION', rule)
    expectRefusal(
      () => buildServiceTree([one, { ...one, publicKey: other.publicKey }]),
      'TREE_COLLISION',
      rule,
    )
  })

  it('goes no deeper than the circuit does', () => {
    const deepest = collisions(SHARING_BITS[27]).map(serviceOf)
    const built = buildServiceTree(deepest)
    for (const one of deepest) expect(built.pathOf(one)).toHaveLength(SERVICE_TREE_DEPTH)
    expectRefusal(
      () => buildServiceTree(collisions(SHARING_BITS[28]).map(serviceOf)),
      'TREE_COLLISION',
      `a leaf may lie ${SERVICE_TREE_DEPTH} levels deep`,
    )
  })

  it.each([-1, 2 ** 32, 1.5, Number.NaN])('refuses the instance %s', (instance) => {
    expectRefusal(
      () => serviceKey({ drv: new Uint8Array(32), instance }),
      'VALUE_OUT_OF_RANGE',
      'instance must be a whole number below 2^32',
    )
  })

  it('takes keys as uncompressed points', () => {
    const point = Uint8Array.from({ length: 65 }, (_, i) => (i === 0 ? 4 : i))
    expect(publicKeyFromUncompressed(point)).toEqual({ x: point.slice(1, 33), y: point.slice(33) })
    expectRefusal(
      () => publicKeyFromUncompressed(point.with(0, 2)),
      'KEY_MALFORMED',
      'an uncompressed public key must start with 04',
    )
    expectRefusal(
      () => publicKeyFromUncompressed(point.subarray(0, 33)),
      'VALUE_MALFORMED',
      'uncompressed public key must have 65 bytes',
    )
  })
})

/** Each forgery passes the library's `verifyProof`; the test shows so first, so that it attacks something real. */
describe('forgeries that the library takes', () => {
  const services = some([0, 1, 2, 3, 4])
  const built = buildServiceTree(services)
  const library = new SparseMerkleTree((children) => p2(...children), true)
  for (const one of services) library.add(serviceKey(one), serviceValue(one.publicKey))
  const verify = (proof: object): boolean =>
    (library as unknown as { verifyProof(proof: object): boolean }).verifyProof(proof)

  it('takes the root from the proof; ours gives a root to compare with one already held', () => {
    const [stranger] = some([9])
    if (stranger === undefined) throw new Error('no service')
    const entry = [serviceKey(stranger), serviceValue(stranger.publicKey), 1n]
    expect(verify({ entry, siblings: [], root: serviceLeaf(stranger), membership: true })).toBe(true)
    expect(serviceRoot(stranger, [])).not.toBe(built.root)
  })

  it('takes an inner node for a leaf; ours hashes a leaf of three inputs itself', () => {
    const [member] = services
    if (member === undefined) throw new Error('no service')
    const path = built.pathOf(member)
    const [sibling = 0n] = path
    const below = path
      .slice(1)
      .reduceRight(
        (node, other, i) => ((serviceKey(member) >> BigInt(i + 1)) & 1n ? p2(other, node) : p2(node, other)),
        serviceLeaf(member),
      )
    const entry = serviceKey(member) & 1n ? [sibling, below] : [below, sibling]
    expect(verify({ entry, siblings: [], root: built.root, membership: true })).toBe(true)
    // No service has these as key and value, and a path can't make its leaf into that node.
    expect(p2(...entry)).toBe(built.root)
    expect(p2(...entry, 1n)).not.toBe(built.root)
    for (let depth = 0; depth < path.length; depth++) {
      expect(serviceRoot(member, path.slice(0, depth))).not.toBe(built.root)
      expect(serviceRoot(member, path.slice(path.length - depth))).not.toBe(built.root)
    }
  })

  it('takes a forged absence of a present key; ours knows no proof of absence', () => {
    const [member] = services
    if (member === undefined) throw new Error('no service')
    const key = serviceKey(member)
    const forged = {
      entry: [key],
      matchingEntry: [key, serviceValue(member.publicKey), 1n],
      siblings: built.pathOf(member),
      root: built.root,
      membership: false,
    }
    expect(verify(forged)).toBe(true)
    expect(Object.keys(built).sort()).toEqual(['pathOf', 'root'])
  })

  it('refuses siblings that are no field elements: root + p would be a second spelling', () => {
    const [member] = services
    if (member === undefined) throw new Error('no service')
    const path = built.pathOf(member)
    expectRefusal(
      () =>
        serviceRoot(
          member,
          path.map((sibling, i) => (i === 0 ? sibling + P : sibling)),
        ),
      'VALUE_OUT_OF_RANGE',
      'sibling must be below the order of the scalar field',
    )
  })

  it('refuses a path with any sibling changed, dropped or added', () => {
    const [member] = services
    if (member === undefined) throw new Error('no service')
    const path = built.pathOf(member)
    const changed = path.map((_, i) => path.with(i, (path[i] ?? 0n) + 1n))
    for (const forged of [...changed, path.slice(1), path.slice(0, -1), [...path, 0n], [0n, ...path]]) {
      expect(serviceRoot(member, forged)).not.toBe(built.root)
    }
  })
})
