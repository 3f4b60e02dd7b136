import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Backend, type CircuitName, keyHash } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import {
  auxOf,
  type Bundle,
  buildServiceTree,
  concat,
  encodeEnvelope,
  enrollInputs,
  fromInteger,
  inputList,
  nullifier,
  p2,
  reportData,
  requestHash,
  respondInputs,
  scopeOf,
  toHex,
} from '@vouch/protocol'
import { proveEnrollment, proveResponse, respondWitness } from '@vouch/prover'
import { verify } from '@vouch/verifier'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leafOf, makeStory, type ServiceName } from '../../fixtures/story/story.js'
import { haystackOf, leaks } from '../../test/support/leaks.js'
import { ask, bytes32, NOON, respondTo } from '../../test/support/proven.js'

let backend: Backend<CircuitName>
beforeAll(() => {
  backend = openBackend({ kind: 'native' })
})
afterAll(() => backend.destroy())

test('property 2, hiding: two machines, one secret, one envelope: the public inputs are the same to the byte', async () => {
  const story = makeStory(NOON, 12345n)
  const [north, south] = story.machines
  const request = ask(story)
  const fromNorth = respondTo(request, north, 'echo')
  const fromSouth = respondTo(request, south, 'oracle')
  expect(fromNorth.envelope).toEqual(fromSouth.envelope)
  const provings = [
    { machine: north, response: fromNorth },
    { machine: south, response: fromSouth },
  ].map(({ machine, response }) =>
    backend.prove('respond', respondWitness(request, response, machine.holding, story.leaves)),
  )
  const [a, b] = await Promise.all(provings)
  expect(a?.publicInputs).toEqual(b?.publicInputs)
  expect(a?.proof).not.toEqual(b?.proof)
})

test('zero knowledge is on: two proofs of one witness share no word', async () => {
  const story = makeStory(NOON)
  const [north] = story.machines
  const request = ask(story)
  const witness = respondWitness(request, respondTo(request, north), north.holding, story.leaves)
  const [a, b] = [await backend.prove('respond', witness), await backend.prove('respond', witness)]
  expect(sharedWords(a.proof, b.proof)).toEqual([])
})

test('property 3, unlinkability: different challenges share no value; one context shares the nullifier alone', async () => {
  const story = makeStory(NOON)
  const [north] = story.machines
  const proveFor = async (changes: Parameters<typeof ask>[1], payload: string): Promise<Bundle> => {
    const request = ask(story, changes)
    const response = respondTo(request, north, 'echo', { payload })
    return proveResponse({ request, response, holding: north.holding, leaves: story.leaves, backend })
  }
  const one = await proveFor({ challenge: bytes32(1) }, 'first')
  const two = await proveFor({ challenge: bytes32(2) }, 'second')
  expect(one.nullifier).not.toBe(two.nullifier)
  expect(one.request).not.toBe(two.request)
  expect(sharedWords(one.proof, two.proof)).toEqual([])
  const three = await proveFor({ challenge: bytes32(3), context: bytes32(0xcc) }, 'third')
  const four = await proveFor({ challenge: bytes32(4), context: bytes32(0xcc) }, 'fourth')
  expect(three.nullifier).toBe(four.nullifier)
  expect(sharedWords(three.proof, four.proof)).toEqual([])
})

test('no run of 16 secret bytes stands in a bundle, in any of the usual spellings', async () => {
  const story = makeStory(NOON)
  const [north] = story.machines
  const request = ask(story)
  const response = respondTo(request, north)
  const bundle = await proveResponse({
    request,
    response,
    holding: north.holding,
    leaves: story.leaves,
    backend,
  })
  const { publicKey, drv } = response.service
  const secrets = [
    fromInteger(north.holding.holderSecret, 32),
    fromInteger(leafOf(north), 32),
    response.signature,
    publicKey.x,
    publicKey.y,
    drv,
    north.osImageHash,
  ]
  const haystack = haystackOf(bundle)
  for (const secret of secrets) expect(leaks(secret, haystack)).toEqual([])
})

test('a chosen digest can be proven, and helps nobody: no interface takes one', async () => {
  const story = makeStory(NOON)
  const [north] = story.machines
  const request = ask(story)
  const honest = respondTo(request, north)
  const { signature, digest } = forgedSignature(
    concat(Uint8Array.of(4), honest.service.publicKey.x, honest.service.publicKey.y),
  )
  const witness = {
    ...respondWitness(request, { ...honest, signature }, north.holding, story.leaves),
    digest: [`0x${toHex(digest.subarray(0, 16))}`, `0x${toHex(digest.subarray(16))}`],
  }
  // The circuit accepts: the black box does as ECDSA says. What nobody has is an envelope with that digest.
  const { proof } = await backend.prove('respond', witness)
  const bundle: Bundle = {
    version: 1,
    circuit: keyHash('respond'),
    request: requestHash(request),
    envelope: encodeEnvelope({
      clientNonce: request.challenge,
      time: NOON,
      askHash: bytes32(0),
      payload: new TextEncoder().encode('forged'),
    }),
    nullifier: nullifier(north.holding.holderSecret, scopeOf(request)),
    proof,
  }
  const verdict = await verify(bundle, {
    request,
    acceptance: story.acceptance,
    head: story.head,
    now: NOON,
    backend,
  })
  expect(verdict.exit).toBe(2)
})

test('the prover says in words what it will not prove', async () => {
  const story = makeStory(NOON)
  const [north] = story.machines
  const request = ask(story)
  const response = respondTo(request, north)
  const parameters = { request, response, holding: north.holding, leaves: story.leaves, backend }
  const refusal = (changes: Partial<typeof parameters>) => proveResponse({ ...parameters, ...changes })
  const under = (name: ServiceName) => respondTo(request, north, name)
  await expect(refusal({ leaves: story.leaves.slice(1) })).rejects.toMatchObject({
    code: 'ROOT_NOT_ACCEPTED',
  })
  await expect(refusal({ holding: { ...north.holding, holderSecret: 1n } })).rejects.toMatchObject({
    code: 'LEAF_MISSING',
  })
  await expect(refusal({ request: { ...request, policies: [7n] } })).rejects.toMatchObject({
    code: 'POLICY_NOT_ACCEPTED',
  })
  await expect(refusal({ request: { ...request, now: NOON + 49 * 3600 } })).rejects.toMatchObject({
    code: 'CREDENTIAL_EXPIRED',
  })
  await expect(refusal({ response: under('mailer') })).rejects.toMatchObject({ code: 'SERVICE_NOT_ACCEPTED' })
  const forChallenge = { ...request, challenge: bytes32(8), freshness: { kind: 'challenge' } as const }
  await expect(refusal({ request: forChallenge })).rejects.toMatchObject({ code: 'NONCE_MISMATCH' })
  await expect(
    refusal({ response: respondTo(request, north, 'oracle', { profile: 'eip191' }) }),
  ).rejects.toMatchObject({ code: 'SIGNATURE_FALSE' })
})

test('no enrollment is proved over REPORT_DATA that binds something else', async () => {
  const [north] = makeStory(NOON).machines
  const smtRoot = buildServiceTree(north.holding.services).root
  const [gpuDigest, nonce, osImageHash] = [bytes32(0), bytes32(1), north.osImageHash]
  const honest = reportData(osImageHash, smtRoot, auxOf(gpuDigest, nonce))
  const parameters = { osImageHash, gpuDigest, nonce, smtRoot, holderSecret: 5n, backend }
  const { enrollment, proof } = await proveEnrollment({ ...parameters, reportData: honest })
  expect(await backend.verify('enroll', inputList(enrollInputs(enrollment)), proof)).toBe(true)
  for (const changes of [
    { nonce: bytes32(2) },
    { smtRoot: smtRoot + 1n },
    { osImageHash: bytes32(3) },
    { gpuDigest: bytes32(4) },
  ]) {
    const run = proveEnrollment({ ...parameters, reportData: honest, ...changes })
    await expect(run).rejects.toMatchObject({ code: 'REPORT_DATA_MISMATCH' })
  }
})

test('one Request, one envelope, one nullifier: all public inputs follow from these', () => {
  const story = makeStory(NOON)
  const request = ask(story)
  const { envelope } = respondTo(request, story.machines[0])
  expect(inputList(respondInputs(request, envelope, 1n)).slice(0, 8)).toEqual(
    inputList(respondInputs(request, envelope, p2(1n))).slice(0, 8),
  )
})

/** 32-byte words that stand in both. Zeros do not count: they are where every proof has an empty accumulator. */
function sharedWords(a: Uint8Array, b: Uint8Array): readonly string[] {
  const words = (proof: Uint8Array): string[] =>
    Array.from({ length: proof.length / 32 }, (_, i) => toHex(proof.subarray(32 * i, 32 * i + 32)))
  const others = new Set(words(b))
  return words(a).filter((word) => others.has(word) && !/^0+$/.test(word))
}

/** For random u1, u2: R = u1·G + u2·Q, r = R.x, s = r/u2, and the digest that they sign, u1·r/u2. No key was needed. */
function forgedSignature(publicKey: Uint8Array): { signature: Uint8Array; digest: Uint8Array } {
  const { Point } = secp256k1
  const n = Point.Fn.ORDER
  const inverse = (x: bigint): bigint => Point.Fn.inv(x)
  for (let u2 = 77n; ; u2++) {
    const u1 = 1234567n
    const R = Point.BASE.multiply(u1).add(Point.fromBytes(publicKey).multiply(u2))
    const r = R.toAffine().x % n
    const s = (r * inverse(u2)) % n
    if (s > n / 2n) continue
    return {
      signature: concat(fromInteger(r, 32), fromInteger(s, 32)),
      digest: fromInteger((u1 * r * inverse(u2)) % n, 32),
    }
  }
}
