import type { Inputs } from '@vouch/circuits'
import {
  acceptedPolicy,
  acceptedService,
  buildServiceTree,
  type Credential,
  credential,
  type EnrollInputs,
  type Enrollment,
  enrollInputs,
  equalBytes,
  type FixedPath,
  fixedPath,
  halves,
  nullifier,
  POLICIES_DEPTH,
  p2,
  REGISTRY_DEPTH,
  type Request,
  type RespondInputs,
  registryLeaf,
  respondInputs,
  SERVICE_TREE_DEPTH,
  SERVICES_DEPTH,
  type Service,
  type ServiceTree,
  scopeOf,
  serviceKey,
  serviceLeaf,
  VouchError,
} from '@vouch/protocol'

// The only file that knows the names in the circuits' ABI.

/** What Alice holds since she was admitted. The secret and the services never leave her. */
export interface Holding {
  readonly holderSecret: bigint
  /** All services of the guest, as enrolled. */
  readonly services: readonly Service[]
  readonly policyId: bigint
  readonly expiresAt: number
}

/** What the circuits are told of a credential. */
export function holdingOf({ holderSecret, guest, policyId, expiresAt }: Credential): Holding {
  return { holderSecret, services: guest.services, policyId, expiresAt }
}

/** What a service answered. */
export interface SignedEnvelope {
  readonly envelope: Uint8Array
  /** r ‖ s, s in the lower half. */
  readonly signature: Uint8Array
  /** The service that signed. */
  readonly service: Service
}

/** The values of the circuit's ABI: field elements as 0x-prefixed hexadecimal, bytes as numbers. */
export type Witness = Inputs

const hex = (value: bigint): string => `0x${value.toString(16)}`
const bytes = (value: Uint8Array): readonly number[] => [...value]

/** All leaves of a registry; or the path of her own, which Alice computed from all of them. Never one that was fetched. */
export type Leaves = readonly bigint[] | FixedPath

/** What a response is proven from, each part computed once. */
export interface Statement {
  readonly request: Request
  readonly response: SignedEnvelope
  readonly holding: Holding
  readonly tree: ServiceTree
  readonly leaf: bigint
  /** Of the leaf in the registry, if it is there. */
  readonly path: FixedPath | undefined
  readonly nullifier: bigint
  readonly inputs: RespondInputs
}

export function statementOf(
  request: Request,
  response: SignedEnvelope,
  holding: Holding,
  leaves: Leaves,
): Statement {
  const { holderSecret, services, policyId, expiresAt } = holding
  const tree = buildServiceTree(services)
  const leaf = registryLeaf(credential(tree.root, holderSecret), policyId, expiresAt)
  const pseudonym = nullifier(holderSecret, scopeOf(request))
  const inputs = respondInputs(request, response.envelope, pseudonym)
  return {
    request,
    response,
    holding,
    tree,
    leaf,
    path: pathAmong(leaves, leaf),
    nullifier: pseudonym,
    inputs,
  }
}

function pathAmong(leaves: Leaves, leaf: bigint): FixedPath | undefined {
  if ('siblings' in leaves) return leaves
  return leaves.includes(leaf) ? fixedPath(REGISTRY_DEPTH, leaves, leaves.indexOf(leaf)) : undefined
}

/** Everything that `respond` is told: the public inputs, and what they hide. */
export const respondWitness = (...parts: Parameters<typeof statementOf>): Witness =>
  witnessOf(statementOf(...parts))

export function witnessOf({ request, response, holding, tree, leaf, path, inputs }: Statement): Witness {
  const { service, signature } = response
  const { holderSecret, policyId, expiresAt } = holding
  if (path === undefined) throw leafMissing()
  return {
    ...inHex(inputs),
    credential: { smt_root: hex(tree.root), holder_secret: hex(holderSecret) },
    admission: {
      policy_id: hex(policyId),
      expires_at: hex(BigInt(expiresAt)),
      registry_path: pairsUp(leaf, path),
      policies_path: pairsOf(
        POLICIES_DEPTH,
        request.policies.map(acceptedPolicy),
        request.policies.indexOf(policyId),
      ),
    },
    service: {
      drv: halves(service.drv).map(hex),
      instance: hex(BigInt(service.instance)),
      public_key: { x: bytes(service.publicKey.x), y: bytes(service.publicKey.y) },
      tree_path: pairsDown(service, tree.pathOf(service)),
      services_path: pairsOf(
        SERVICES_DEPTH,
        request.services.map(acceptedService),
        request.services.findIndex((drv) => equalBytes(drv, service.drv)),
      ),
    },
    signature: bytes(signature),
  }
}

export function leafMissing(): VouchError {
  return new VouchError('LEAF_MISSING', { rule: 'the credential must be in the registry at that root' })
}

/** Everything that `enroll` is told. */
export function enrollWitness(enrollment: Enrollment, smtRoot: bigint, holderSecret: bigint): Witness {
  return { ...inHex(enrollInputs(enrollment)), smt_root: hex(smtRoot), holder_secret: hex(holderSecret) }
}

/** Public inputs by the names that the circuit has for them. */
const inHex = (inputs: RespondInputs | EnrollInputs): Witness =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      name,
      typeof value === 'bigint' ? hex(value) : value.map(hex),
    ]),
  )

interface Pair extends Inputs {
  readonly left: string
  readonly right: string
}

const pair = (left: bigint, right: bigint): Pair => ({ left: hex(left), right: hex(right) })

function pairsOf(depth: number, leaves: readonly bigint[], index: number): readonly Pair[] {
  return pairsUp(leaves[index] ?? 0n, fixedPath(depth, leaves, index))
}

/** Both children of each node from a leaf's parent up to the root. */
function pairsUp(leaf: bigint, { index, siblings }: FixedPath): readonly Pair[] {
  let node = leaf
  return siblings.map((sibling, height) => {
    const [left, right] = (index >> height) & 1 ? [sibling, node] : [node, sibling]
    node = p2(left, right)
    return pair(left, right)
  })
}

/** Both children of each node from the root down to a service's leaf; below it the leaf itself, as the circuit wants it. */
function pairsDown(service: Service, siblings: readonly bigint[]): readonly Pair[] {
  const key = serviceKey(service)
  const leaf = serviceLeaf(service)
  const pairs: Pair[] = Array.from({ length: SERVICE_TREE_DEPTH }, () => pair(leaf, leaf))
  siblings.reduceRight((node, sibling, depth) => {
    const [left, right] = (key >> BigInt(depth)) & 1n ? [sibling, node] : [node, sibling]
    pairs[depth] = pair(left, right)
    return p2(left, right)
  }, leaf)
  return pairs
}
