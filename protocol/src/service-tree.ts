import { SparseMerkleTree } from '@zk-kit/sparse-merkle-tree'
import { VouchError } from './errors.js'
import { assertField, assertLength, halves } from './hashes/field.js'
import { p2, TAG } from './hashes/poseidon2.js'

/** The deepest that a leaf may lie, so that a proof has a fixed size in the circuit. */
export const SERVICE_TREE_DEPTH = 28

/** A program in the guest: what it runs, which of several it is, and the key it signs with. */
export interface Service {
  readonly drv: Uint8Array
  readonly instance: number
  readonly publicKey: PublicKey
}

/** A secp256k1 point, 32 bytes each coordinate. */
export interface PublicKey {
  readonly x: Uint8Array
  readonly y: Uint8Array
}

/** Siblings from the root down; as many as the leaf lies deep. */
export type ServicePath = readonly bigint[]

/** Where a service is found: its code and its instance number. */
export function serviceKey({ drv, instance }: Pick<Service, 'drv' | 'instance'>): bigint {
  if (!Number.isInteger(instance) || instance < 0 || instance >= 2 ** 32) {
    throw new VouchError('VALUE_OUT_OF_RANGE', {
      rule: 'instance must be a whole number below 2^32',
      given: String(instance),
    })
  }
  return p2(TAG.KEY, ...halves(drv), BigInt(instance))
}

/** What is found there: its public key. */
export function serviceValue({ x, y }: PublicKey): bigint {
  return p2(TAG.VALUE, ...halves(x), ...halves(y))
}

/** Three inputs, where an inner node has two: the number of inputs is part of the hash, so neither passes for the other. */
export function serviceLeaf(service: Service): bigint {
  return p2(serviceKey(service), serviceValue(service.publicKey), 1n)
}

export interface ServiceTree {
  readonly root: bigint
  pathOf(service: Service): ServicePath
}

/** Builds the tree of a guest's services. The library only builds; what it answers is checked by `serviceRoot`. */
export function buildServiceTree(services: readonly Service[]): ServiceTree {
  const tree = new SparseMerkleTree((children) => p2(...children), true)
  const keys = new Set<bigint>()
  for (const service of services) {
    const key = serviceKey(service)
    if (keys.has(key))
      throw new VouchError('TREE_COLLISION', { rule: 'a service and instance may appear once in a tree' })
    keys.add(key)
    tree.add(key, serviceValue(service.publicKey))
  }
  const built: ServiceTree = {
    root: tree.root,
    pathOf: (service) => {
      const { siblings } = tree.createProof(serviceKey(service))
      if (serviceRoot(service, siblings) !== tree.root) {
        throw new VouchError('LEAF_MISSING', { rule: 'the service must be in the tree' })
      }
      return siblings
    },
  }
  for (const service of services) built.pathOf(service)
  return built
}

/** The root that a service and its path lead to. A proof holds when it is the root that the verifier already has. */
export function serviceRoot(service: Service, path: ServicePath): bigint {
  if (path.length > SERVICE_TREE_DEPTH) {
    throw new VouchError('TREE_COLLISION', {
      rule: `a leaf may lie ${SERVICE_TREE_DEPTH} levels deep`,
      given: `${path.length}`,
      hint: 'give one of the services another instance number',
    })
  }
  const key = serviceKey(service)
  return path.reduceRight<bigint>((node, sibling, depth) => {
    assertField(sibling, 'sibling')
    return (key >> BigInt(depth)) & 1n ? p2(sibling, node) : p2(node, sibling)
  }, serviceLeaf(service))
}

/** Splits an uncompressed point (04 ‖ x ‖ y), as most libraries give it. */
export function publicKeyFromUncompressed(point: Uint8Array): PublicKey {
  assertLength(point, 65, 'uncompressed public key')
  if (point[0] !== 4)
    throw new VouchError('KEY_MALFORMED', { rule: 'an uncompressed public key must start with 04' })
  return { x: point.slice(1, 33), y: point.slice(33) }
}
