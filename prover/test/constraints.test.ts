import { secp256k1 } from '@noble/curves/secp256k1.js'
import type { Backend, CircuitName, InputValue } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import {
  auxOf,
  buildServiceTree,
  credential,
  enrollInputs,
  fromInteger,
  inputList,
  P,
  p2,
  reportData,
  SERVICE_TREE_DEPTH,
  serviceKey,
  serviceLeaf,
  TAG,
  toInteger,
} from '@vouch/protocol'
import { enrollWitness, respondWitness, type Witness } from '@vouch/prover'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeStory } from '../../fixtures/story/story.js'
import { ask, NOON, respondTo } from '../../test/support/proven.js'

// Every constraint of the two circuits, each broken alone: a witness that satisfies all but it. The prover is hostile
// here and writes whatever it likes into any private input.

let backend: Backend<CircuitName>
beforeAll(() => {
  backend = openBackend({ kind: 'native' })
})
afterAll(() => backend.destroy())

const story = makeStory(NOON)
const [north] = story.machines
const request = ask(story)
const response = respondTo(request, north)
const honest = respondWitness(request, response, north.holding, story.leaves)

const hex = (value: bigint): string => `0x${value.toString(16)}`

type Path = readonly (string | number)[]

/** The same witness with the value at a path replaced. */
function replaced(
  witness: Witness,
  path: Path,
  value: InputValue | ((old: InputValue) => InputValue),
): Witness {
  const at = (node: InputValue, [step, ...rest]: Path): InputValue => {
    if (step === undefined) return typeof value === 'function' ? value(node) : value
    if (Array.isArray(node)) return node.map((child, i) => (i === step ? at(child, rest) : child))
    if (typeof node !== 'object') throw new Error(`no ${step} in the witness`)
    const members = node as { readonly [name: string]: InputValue }
    if (!(step in members)) throw new Error(`no ${step} in the witness`)
    return { ...members, [step]: at(members[step] ?? '', rest) }
  }
  return at(witness, path) as Witness
}

const plusOne = (old: InputValue): string => hex((BigInt(String(old)) + 1n) % P)

/** Wants the circuit to refuse, and with this message. */
async function refuses(circuit: CircuitName, witness: Witness, rule: string): Promise<void> {
  await expect(backend.prove(circuit, witness)).rejects.toMatchObject({ code: 'WITNESS_INVALID', rule })
}

describe('respond', () => {
  test('accepts the honest witness, and proves its public inputs in the order of the protocol', async () => {
    const { publicInputs } = await backend.prove('respond', honest)
    expect(publicInputs).toHaveLength(9)
    expect(publicInputs[0]).toBe(request.root)
    expect(publicInputs[3]).toBe(BigInt(request.now))
  })

  const NOT_IN_REGISTRY = 'credential is not in the registry'
  const NOT_A_CHILD = 'merkle: value is not a child in its path'

  test.each<readonly [string, Path, string]>([
    ['another registry root', ['registry_root'], NOT_IN_REGISTRY],
    ['another policies root', ['policies_root'], 'policy is not accepted'],
    ['another services root', ['services_root'], 'service is not accepted'],
    ['another nullifier', ['nullifier'], "nullifier is not the holder's"],
    ['another scope', ['scope'], "nullifier is not the holder's"],
    ['another digest', ['digest', 0], 'secp256k1: signature does not verify'],
    ['another digest, low half', ['digest', 1], 'secp256k1: signature does not verify'],
    ['another holder secret', ['credential', 'holder_secret'], NOT_A_CHILD],
    ['another service tree', ['credential', 'smt_root'], NOT_A_CHILD],
    ['another policy', ['admission', 'policy_id'], NOT_A_CHILD],
    ['another expiry', ['admission', 'expires_at'], NOT_A_CHILD],
    ['another registry node', ['admission', 'registry_path', 19, 'left'], NOT_A_CHILD],
    ['another sibling under the registry root', ['admission', 'registry_path', 19, 'right'], NOT_IN_REGISTRY],
    ['another policies node', ['admission', 'policies_path', 3, 'right'], 'policy is not accepted'],
    ['another services node', ['service', 'services_path', 7, 'right'], 'service is not accepted'],
    ['another signature', ['signature', 63], 'secp256k1: signature does not verify'],
  ])('refuses %s', async (_, path, rule) => refuses('respond', replaced(honest, path, plusOne), rule))

  test('refuses a credential that expired a second before the Request', async () => {
    const late = replaced(honest, ['now'], hex(BigInt(north.holding.expiresAt + 1)))
    await refuses('respond', late, 'call to assert_max_bit_size')
  })

  test('refuses an admitted expiry that lies 2^40 s behind now: it is no time', async () => {
    const { root } = buildServiceTree(north.holding.services)
    const endless = BigInt(request.now) + 2n ** 40n
    const forged = [
      [['admission', 'expires_at'], hex(endless)],
      ...registryOf(credential(root, north.holding.holderSecret), endless),
    ] as const
    const witness = forged.reduce<Witness>((w, [path, value]) => replaced(w, path, value), honest)
    await refuses('respond', witness, 'call to assert_max_bit_size')
  })

  test('refuses a digest half of more than 16 bytes', async () => {
    const [hi = ''] = honest.digest as readonly string[]
    const wide = replaced(honest, ['digest', 0], hex(BigInt(hi) + (1n << 128n)))
    await refuses('respond', wide, 'Field failed to decompose into specified 16 limbs')
  })

  test('refuses a whole path to a leaf that is not the service', async () => {
    const nodes: InputValue[] = []
    const key = serviceKey(response.service)
    let node = 77n
    for (let depth = SERVICE_TREE_DEPTH - 1; depth >= 0; depth--) {
      const [left, right] = (key >> BigInt(depth)) & 1n ? [9n, node] : [node, 9n]
      nodes.unshift({ left: hex(left), right: hex(right) })
      node = p2(left, right)
    }
    const forged = [
      [['credential', 'smt_root'], hex(node)],
      [['service', 'tree_path'], nodes],
      ...registryOf(credential(node, north.holding.holderSecret)),
    ] as const
    const witness = forged.reduce<Witness>((w, [path, value]) => replaced(w, path, value), honest)
    await refuses('respond', witness, 'sparse: path does not end in the leaf')
  })

  test('accepts a credential that expires in this very second', async () => {
    const justInTime = replaced(honest, ['now'], hex(BigInt(north.holding.expiresAt)))
    await expect(backend.prove('respond', justInTime)).resolves.toBeDefined()
  })

  test('refuses a service that the tree does not hold, though all else fits', async () => {
    const stranger = { ...response.service, instance: response.service.instance + 1 }
    const moved = replaced(honest, ['service', 'instance'], hex(BigInt(stranger.instance)))
    await refuses('respond', moved, 'sparse: value is neither the leaf nor the hash of its children')
  })

  test('refuses an inner node of the service tree in the place of a leaf', async () => {
    const { root } = buildServiceTree(north.holding.services)
    const inner = replaced(honest, ['service', 'tree_path', 0], { left: hex(root), right: hex(root) })
    await refuses('respond', inner, 'sparse: value is neither the leaf nor the hash of its children')
  })

  test('refuses a leaf on the other side of its tree: the key says where it lies', async () => {
    const key = serviceKey(response.service)
    const leaf = serviceLeaf(response.service)
    const sibling = 5n
    const [left, right] = key & 1n ? [leaf, sibling] : [sibling, leaf]
    const root = p2(left, right)
    const C = credential(root, north.holding.holderSecret)
    const misplaced = [
      [['credential', 'smt_root'], hex(root)],
      [['service', 'tree_path', 0], { left: hex(left), right: hex(right) }],
    ] as const
    const registry = registryOf(C)
    const witness = [...misplaced, ...registry].reduce<Witness>(
      (w, [path, value]) => replaced(w, path, value),
      honest,
    )
    await refuses('respond', witness, 'sparse: value is neither the leaf nor the hash of its children')
  })

  test('refuses a high s, and r or s of zero, though the black box only answers "false"', async () => {
    const { Point } = secp256k1
    const s = toInteger(response.signature.subarray(32))
    const high = fromInteger(Point.Fn.ORDER - s, 32)
    const rule = 'secp256k1: signature does not verify'
    const [r, low] = [response.signature.subarray(0, 32), response.signature.subarray(32)]
    const zero = new Uint8Array(32)
    for (const signature of [
      [...r, ...high],
      [...zero, ...low],
      [...r, ...zero],
    ]) {
      await refuses('respond', replaced(honest, ['signature'], signature), rule)
    }
  })
})

/** The registry path of a leaf that stands alone in a registry, so that a forged credential is admitted for the test's sake. */
function registryOf(
  C: bigint,
  expiresAt = BigInt(north.holding.expiresAt),
): readonly (readonly [Path, InputValue])[] {
  const path: InputValue[] = []
  let node = p2(TAG.LEAF, C, north.holding.policyId, expiresAt)
  for (let height = 0; height < 20; height++) {
    path.push({ left: hex(node), right: hex(0n) })
    node = p2(node, 0n)
  }
  return [
    [['admission', 'registry_path'], path],
    [['registry_root'], hex(node)],
  ]
}

describe('enroll', () => {
  const smtRoot = buildServiceTree(north.holding.services).root
  const { holderSecret } = north.holding
  const aux = auxOf(new Uint8Array(32), new Uint8Array(32).fill(9))
  const enrollment = {
    reportData: reportData(north.osImageHash, smtRoot, aux),
    osImageHash: north.osImageHash,
    aux,
    credential: credential(smtRoot, holderSecret),
  }
  const honestEnroll = enrollWitness(enrollment, smtRoot, holderSecret)

  test('accepts the honest witness', async () => {
    const { publicInputs } = await backend.prove('enroll', honestEnroll)
    expect(publicInputs).toEqual(inputList(enrollInputs(enrollment)))
  })

  const WRONG_REPORT = 'report data is not the hash of the image, the service tree and aux'
  test.each<readonly [string, Path, string]>([
    ['another REPORT_DATA, first quarter', ['report_data', 0], WRONG_REPORT],
    ['another REPORT_DATA, second quarter', ['report_data', 1], WRONG_REPORT],
    ['another REPORT_DATA, third quarter', ['report_data', 2], WRONG_REPORT],
    ['another REPORT_DATA, last quarter', ['report_data', 3], WRONG_REPORT],
    ['another OS image', ['os_image_hash', 0], WRONG_REPORT],
    ['another OS image, low half', ['os_image_hash', 1], WRONG_REPORT],
    ['another aux', ['aux', 0], WRONG_REPORT],
    ['another aux, low half', ['aux', 1], WRONG_REPORT],
    ['another credential', ['credential'], 'credential does not open to the service tree and the secret'],
    [
      'another holder secret',
      ['holder_secret'],
      'credential does not open to the service tree and the secret',
    ],
  ])('refuses %s', async (_, path, rule) => refuses('enroll', replaced(honestEnroll, path, plusOne), rule))

  test('refuses another service tree, with a credential that fits it', async () => {
    const other = [
      [['smt_root'], hex(smtRoot + 1n)],
      [['credential'], hex(credential(smtRoot + 1n, holderSecret))],
    ] as const
    const witness = other.reduce<Witness>((w, [path, value]) => replaced(w, path, value), honestEnroll)
    await refuses('enroll', witness, WRONG_REPORT)
  })

  test('REPORT_DATA over a second spelling of the root, root + p, proves nothing', async () => {
    const respelled = smtRoot + P
    expect(respelled >> 256n).toBe(0n)
    const forged = Buffer.concat([
      Buffer.from('vouch-report-v1'),
      north.osImageHash,
      fromInteger(respelled, 32),
      aux,
    ])
    const { createHash } = await import('node:crypto')
    const report = new Uint8Array(createHash('sha512').update(forged).digest())
    const witness = enrollWitness({ ...enrollment, reportData: report }, smtRoot, holderSecret)
    await refuses('enroll', witness, WRONG_REPORT)
  })
})
