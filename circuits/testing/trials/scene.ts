import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  credential,
  fromInteger,
  halves,
  nullifier,
  P,
  POLICIES_DEPTH,
  type PublicKey,
  p2,
  publicKeyFromUncompressed,
  REGISTRY_DEPTH,
  SERVICE_TREE_DEPTH,
  SERVICES_DEPTH,
  TAG,
} from '@vouch/protocol'
import type { Inputs, InputValue } from '../../src/witness.js'

// Inputs of `respond` that satisfy it at every depth of every tree. A test changes one choice and lets the rest follow from it, so
// that exactly one constraint breaks. No real registry has a leaf 28 levels deep; a hostile prover invents one.

/** One level of a path: where the value from below stands, and the node beside it. */
export interface Step {
  readonly side: Side
  readonly sibling: bigint
  /** Stands in the place of the value from below. The levels above then follow from it. */
  readonly instead?: bigint
}

export type Side = 'left' | 'right'

/** Two limbs of 16 bytes. */
export type Limbs = readonly [hi: bigint, lo: bigint]

/** All that a prover, a verifier and an admitter choose. */
export interface Choices {
  readonly holderSecret: bigint
  readonly policyId: bigint
  readonly expiresAt: bigint
  readonly now: bigint
  readonly scope: bigint
  readonly request: bigint
  readonly drv: Limbs
  readonly instance: bigint
  readonly publicKey: PublicKey
  readonly signature: Uint8Array
  readonly digest: Limbs
  /** Registry, policies, services: the leaf's parent first. */
  readonly registry: readonly Step[]
  readonly policies: readonly Step[]
  readonly services: readonly Step[]
  /** The service tree: the root's children first, as many as the leaf lies deep. Sides follow from the key. */
  readonly tree: readonly Omit<Step, 'side'>[]
  /** The limbs of the key whose hash the service tree holds, if they are not the public key's own. */
  readonly valueLimbs?: readonly bigint[]
  /** The root of the service tree, if it is not what its path leads to. */
  readonly smtRoot?: bigint
}

const hashes = new Map<string, bigint>()

/** `p2`, once for the same inputs: hundreds of trials differ in a few nodes only. */
function hash(...inputs: readonly bigint[]): bigint {
  const key = inputs.join()
  const known = hashes.get(key) ?? p2(...inputs)
  hashes.set(key, known)
  return known
}

/** Field elements that look random and are the same at each run. */
function drawnFrom(seed: number): () => bigint {
  let count = 0n
  return () => hash(TAG.NULL, BigInt(seed), count++)
}

/** Choices that fit together. Seeds differ in every value, in the sides of their paths and in their key's bits. */
export function choicesOf(seed: number, { depth = SERVICE_TREE_DEPTH } = {}): Choices {
  const draw = drawnFrom(seed)
  const secretKey = fromInteger(draw() >> 8n, 32)
  const digest = fromInteger(draw(), 32)
  const steps = (count: number): Step[] =>
    Array.from({ length: count }, (_, level) => ({
      side: (level + seed) % 2 === 0 ? 'left' : 'right',
      sibling: draw(),
    }))
  return {
    holderSecret: draw(),
    policyId: draw(),
    expiresAt: 1_800_003_600n,
    now: 1_800_000_000n,
    scope: draw(),
    request: draw(),
    drv: halves(fromInteger(draw(), 32)),
    instance: BigInt(seed),
    publicKey: publicKeyFromUncompressed(secp256k1.getPublicKey(secretKey, false)),
    signature: secp256k1.sign(digest, secretKey, { prehash: false }),
    digest: halves(digest),
    registry: steps(REGISTRY_DEPTH),
    policies: steps(POLICIES_DEPTH),
    services: steps(SERVICES_DEPTH),
    tree: Array.from({ length: depth }, () => ({ sibling: draw() })),
  }
}

/** The same choices with a digest of one's own, and its signature. */
export function signing(choices: Choices, seed: number, digest: Limbs): Choices {
  const secretKey = fromInteger(drawnFrom(seed)() >> 8n, 32)
  const bytes = Uint8Array.from(digest.flatMap((limb) => [...fromInteger(limb, 16)]))
  return { ...choices, digest, signature: secp256k1.sign(bytes, secretKey, { prehash: false }) }
}

export const hex = (value: bigint): string => `0x${(((value % P) + P) % P).toString(16)}`

const serviceKeyOf = ({ drv, instance }: Choices): bigint => hash(TAG.KEY, ...drv, instance)

/** On which side of its level in the service tree the path goes on. */
export function sideOf(choices: Choices, level: number): Side {
  return (serviceKeyOf(choices) >> BigInt(level)) & 1n ? 'right' : 'left'
}

/** The inputs of `respond` that follow from the choices. */
export function respondFrom(choices: Choices): Inputs {
  const { holderSecret, policyId, expiresAt, now, scope, request, drv, instance, publicKey } = choices
  const serviceTree = descend(choices)
  const smtRoot = choices.smtRoot ?? serviceTree.root
  const leaf = hash(TAG.LEAF, credential(smtRoot, holderSecret), policyId, expiresAt)
  const registry = climb(leaf, choices.registry)
  const policies = climb(hash(TAG.POLICY, policyId, 0n), choices.policies)
  const services = climb(hash(TAG.SERVICE, ...drv), choices.services)
  return {
    registry_root: hex(registry.root),
    policies_root: hex(policies.root),
    services_root: hex(services.root),
    now: hex(now),
    digest: choices.digest.map(hex),
    request: hex(request),
    scope: hex(scope),
    nullifier: hex(nullifier(holderSecret, scope)),
    credential: { smt_root: hex(smtRoot), holder_secret: hex(holderSecret) },
    admission: {
      policy_id: hex(policyId),
      expires_at: hex(expiresAt),
      registry_path: registry.pairs,
      policies_path: policies.pairs,
    },
    service: {
      drv: drv.map(hex),
      instance: hex(instance),
      public_key: { x: [...publicKey.x], y: [...publicKey.y] },
      tree_path: serviceTree.pairs,
      services_path: services.pairs,
    },
    signature: [...choices.signature],
  }
}

interface Path {
  readonly root: bigint
  readonly pairs: readonly InputValue[]
}

/** From a leaf up. */
function climb(leaf: bigint, steps: readonly Step[]): Path {
  let node = leaf
  const pairs = steps.map(({ side, sibling, instead }) => {
    const own = instead ?? node
    const [left, right] = side === 'left' ? [own, sibling] : [sibling, own]
    node = hash(left, right)
    return { left: hex(left), right: hex(right) }
  })
  return { root: node, pairs }
}

/** The service tree's path: climbed from the leaf, written from the root, with the leaf for both children below the leaf. */
function descend(choices: Choices): Path {
  const { publicKey, tree } = choices
  const limbs = choices.valueLimbs ?? keyLimbs(publicKey)
  const leaf = hash(serviceKeyOf(choices), hash(TAG.VALUE, ...limbs), 1n)
  const steps = tree.map((step, level): Step => ({ ...step, side: sideOf(choices, level) }))
  const { root, pairs } = climb(leaf, steps.reverse())
  const below = Array.from({ length: SERVICE_TREE_DEPTH - tree.length }, () => ({
    left: hex(leaf),
    right: hex(leaf),
  }))
  return { root, pairs: [...pairs].reverse().concat(below) }
}

type Place = readonly (string | number)[]

/** The inputs with the value at one place replaced. */
export function withValue(inputs: Inputs, place: Place, value: InputValue): Inputs {
  const at = (node: InputValue, [step, ...rest]: Place): InputValue => {
    if (step === undefined) return value
    if (Array.isArray(node)) return node.map((child, i) => (i === step ? at(child, rest) : child))
    const members = node as Inputs
    if (!(step in members)) throw new Error(`the inputs have no ${place.join('.')}`)
    return { ...members, [step]: at(members[step] ?? '', rest) }
  }
  return at(inputs, place) as Inputs
}

/** The value at one place of the inputs. */
export function valueAt(inputs: Inputs, place: Place): InputValue {
  return place.reduce<InputValue>((node, step) => {
    const child = (node as Readonly<Record<string | number, InputValue>>)[step]
    if (child === undefined) throw new Error(`the inputs have no ${place.join('.')}`)
    return child
  }, inputs)
}

/** The first inputs, with the values at some places taken from the others. */
export function mixed(inputs: Inputs, others: Inputs, places: readonly Place[]): Inputs {
  return places.reduce((mix, place) => withValue(mix, place, valueAt(others, place)), inputs)
}

/** A node of the service tree's path. */
export function nodeAt(inputs: Inputs, level: number, side: Side): bigint {
  return BigInt(String(valueAt(inputs, ['service', 'tree_path', level, side])))
}

/** (x hi, x lo, y hi, y lo), the form in which the service tree holds a key. */
export const keyLimbs = ({ x, y }: PublicKey): readonly bigint[] => [...halves(x), ...halves(y)]
