import {
  acceptedPolicy,
  acceptedService,
  buildServiceTree,
  type Credential,
  credential,
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
  registryLeaf,
  respondInputs,
  SERVICE_TREE_DEPTH,
  SERVICES_DEPTH,
  type Service,
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

/** A value of the circuit's ABI: field elements as 0x-prefixed hexadecimal, bytes as numbers. */
export type WitnessValue =
  | string
  | number
  | readonly WitnessValue[]
  | { readonly [name: string]: WitnessValue }
export type Witness = Readonly<Record<string, WitnessValue>>

const hex = (value: bigint): string => `0x${value.toString(16)}`
const bytes = (value: Uint8Array): readonly number[] => [...value]

/** All leaves of a registry; or the path of her own, which Alice computed from all of them. Never one that was fetched. */
export type Leaves = readonly bigint[] | FixedPath

/** The path of a leaf, if it is there. */
export function pathAmong(leaves: Leaves, leaf: bigint): FixedPath | undefined {
  if ('siblings' in leaves) return leaves
  return leaves.includes(leaf) ? fixedPath(REGISTRY_DEPTH, leaves, leaves.indexOf(leaf)) : undefined
}

/** Everything that `respond` is told: the public inputs, and what they hide. */
export function respondWitness(
  request: Request,
  { envelope, signature, service }: SignedEnvelope,
  { holderSecret, services, policyId, expiresAt }: Holding,
  leaves: Leaves,
): Witness {
  const tree = buildServiceTree(services)
  const leaf = registryLeaf(credential(tree.root, holderSecret), policyId, expiresAt)
  const registryPath = pathAmong(leaves, leaf)
  if (registryPath === undefined) throw leafMissing()
  const pseudonym = nullifier(holderSecret, scopeOf(request))
  const inputs = respondInputs(request, envelope, pseudonym).map(hex)
  const [registry_root = '', policies_root = '', services_root = '', now = ''] = inputs
  const [asked = '', scope = '', shownPseudonym = ''] = inputs.slice(6)
  return {
    registry_root,
    policies_root,
    services_root,
    now,
    digest: inputs.slice(4, 6),
    request: asked,
    scope,
    nullifier: shownPseudonym,
    credential: { smt_root: hex(tree.root), holder_secret: hex(holderSecret) },
    admission: {
      policy_id: hex(policyId),
      expires_at: hex(BigInt(expiresAt)),
      registry_path: pairsUp(leaf, registryPath),
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
  const inputs = enrollInputs(enrollment).map(hex)
  return {
    report_data: inputs.slice(0, 4),
    os_image_hash: inputs.slice(4, 6),
    aux: inputs.slice(6, 8),
    credential: hex(enrollment.credential),
    smt_root: hex(smtRoot),
    holder_secret: hex(holderSecret),
  }
}

interface Pair extends Readonly<Record<string, WitnessValue>> {
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
