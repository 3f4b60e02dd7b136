import { type Backend, CIRCUITS, type CircuitName, createBackend, startWasm } from '@vouch/circuits'
import { openBackend, readArtifact, readReference } from '@vouch/circuits/node'
import {
  type AcceptancePolicy,
  acceptanceHash,
  type Bundle,
  type ErrorCode,
  encodeEnvelope,
  encodeRequest,
  equalBytes,
  evmRegistryId,
  fromHex,
  PROFILES,
  parseRequest,
  printRequest,
  requestHash,
  scopeOf,
  verifierIdOf,
} from '@vouch/protocol'
import { proveResponse } from '@vouch/prover'
import { type Verdict, verify } from '@vouch/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer, drvNamed, makeStory } from '../../fixtures/story/story.js'
import { ask, bytes32, NOON, prove, respondTo } from '../../test/support/proven.js'

// The design's attacks, run as an attacker would, as far as requests, responses and verdicts go. SECURITY.md says which
// row each test holds off.

let backend: Backend<CircuitName>
beforeAll(() => {
  backend = openBackend({ kind: 'native' })
})
afterAll(() => backend.destroy())

const story = makeStory(NOON)
const [north] = story.machines
const codesOf = (verdict: Verdict): readonly ErrorCode[] =>
  verdict.accepted ? [] : verdict.failures.map(({ code }) => code)

describe('replaying and relaying', () => {
  test("a months-old response under today's challenge is refused, by challenge and by age", async () => {
    const challenge = { freshness: { kind: 'challenge' } } as const
    const stale = ask(story, { challenge: bytes32(0x01), ...challenge })
    const old = respondTo(stale, north, 'echo', { time: NOON - 90 * 86_400 })
    const today = ask(story, { challenge: bytes32(0x02), ...challenge })
    await expect(
      proveResponse({ request: today, response: old, holding: north.holding, leaves: story.leaves, backend }),
    ).rejects.toMatchObject({ code: 'NONCE_MISMATCH' })

    // Alice can leave her own check out; Bob's stays.
    const byAge = ask(story, { challenge: bytes32(0x02) })
    const bundle = await proveResponse({
      request: byAge,
      response: old,
      holding: north.holding,
      leaves: story.leaves,
      backend,
    })
    const given = { request: byAge, acceptance: story.acceptance, head: story.head, now: NOON, backend }
    expect(codesOf(await verify(bundle, given))).toEqual(['RESPONSE_TOO_OLD'])
    const relabelled = { ...bundle, request: requestHash(today) }
    expect(codesOf(await verify(relabelled, { ...given, request: today }))).toEqual([
      'NONCE_MISMATCH',
      'PROOF_FALSE',
    ])
  })

  test('a proof made for Bob is nothing to Carol, nor to another contract or chain', async () => {
    const { bundle, given } = await prove(backend)
    const address = new Uint8Array(20).fill(0xaa)
    const others = [
      verifierIdOf('https://carol.example'),
      verifierIdOf({ chain: 1n, contract: address }),
      verifierIdOf({ chain: 2n, contract: address }),
      verifierIdOf({ chain: 1n, contract: new Uint8Array(20).fill(0xab) }),
    ]
    expect(new Set(others.map((id) => id.join())).size).toBe(others.length)
    expect(equalBytes(verifierIdOf({ chain: 1n, contract: address }), evmRegistryId(1n, address))).toBe(false)
    for (const verifierId of others) {
      const request = { ...given.request, verifierId }
      expect(codesOf(await verify(bundle, { ...given, request }))).toEqual(['REQUEST_MISMATCH'])
      const relabelled = { ...bundle, request: requestHash(request) }
      expect(codesOf(await verify(relabelled, { ...given, request }))).toEqual(['PROOF_FALSE'])
    }
  })

  test('a bundle that is shown again long after does not outlive request_age', async () => {
    const { bundle, given } = await prove(backend)
    const later = { ...given, now: NOON + 3000 }
    expect(codesOf(await verify(bundle, later))).toContain('REQUEST_TOO_OLD')
  })
})

describe('forging', () => {
  test('what a service signed under one profile is no envelope under another', async () => {
    const request = ask(story, { profile: 'eip191' })
    const asText = respondTo(request, north, 'oracle', { profile: 'eip191' })
    const asHash = ask(story, { profile: 'sha256' })
    await expect(
      proveResponse({
        request: asHash,
        response: asText,
        holding: north.holding,
        leaves: story.leaves,
        backend,
      }),
    ).rejects.toMatchObject({ code: 'SIGNATURE_FALSE' })
    const { envelope } = asText
    expect(equalBytes(PROFILES.sha256.digest(envelope), PROFILES.eip191.digest(envelope))).toBe(false)
  })

  test('a service is accepted under a profile, not as such', async () => {
    const mailerOnly: AcceptancePolicy = {
      ...story.acceptance,
      services: { sha256: [drvNamed('echo')], eip191: [drvNamed('mailer')] },
    }
    const request = { ...ask({ ...story, acceptance: mailerOnly }), services: [drvNamed('mailer')] }
    const response = answer(north, 'mailer', 'sha256', {
      clientNonce: request.challenge,
      time: NOON,
      askHash: bytes32(0),
      payload: new Uint8Array(),
    })
    const bundle = await proveResponse({
      request,
      response,
      holding: north.holding,
      leaves: story.leaves,
      backend,
    })
    const given = { request, acceptance: mailerOnly, head: story.head, now: NOON, backend }
    expect(request.acceptance).toBe(acceptanceHash(mailerOnly))
    expect(codesOf(await verify(bundle, given))).toEqual(['SERVICE_NOT_ACCEPTED'])
  })

  test('a proof of the other circuit proves nothing here', async () => {
    const { bundle, given } = await prove(backend)
    const asEnroll: Bundle = { ...bundle, circuit: fromHex(CIRCUITS.enroll.vkHash) }
    expect(codesOf(await verify(asEnroll, given))).toEqual(['CIRCUIT_UNKNOWN'])
  })

  test('simulated evidence is not accepted unless the policy says so in so many words', async () => {
    const genuineOnly: AcceptancePolicy = { ...story.acceptance, simulated: false }
    expect(() => ask({ ...story, acceptance: genuineOnly })).toThrow('so many words')
  })
})

describe('unmasking', () => {
  test('the default scope is the challenge: two verifiers, or two challenges, share none', () => {
    const base = ask(story)
    const scopes = [
      base,
      { ...base, challenge: bytes32(0xd1) },
      { ...base, verifierId: bytes32(0xd2) },
      { ...base, context: bytes32(0xd3) },
      { ...base, challenge: bytes32(0xd3) },
      { ...base, verifierId: bytes32(0xd2), context: bytes32(0xd3) },
    ].map(scopeOf)
    expect(new Set(scopes).size).toBe(scopes.length)
  })

  test('now is on a grid: a Request with seconds of its own does not parse', () => {
    const request = ask(story, { now: NOON + 37 })
    expect(request.now).toBe(NOON)
    const named = printRequest(request).replace(`"now":${NOON}`, `"now":${NOON + 1}`)
    expect(() => parseRequest(named)).toThrow('multiple of 60')
    expect(() => encodeRequest({ ...request, now: NOON + 1 })).toThrow('multiple of 60')
  })

  test('an envelope has no room for fractions of a second', () => {
    const content = { clientNonce: bytes32(1), askHash: bytes32(2), payload: new Uint8Array() }
    expect(() => encodeEnvelope({ ...content, time: NOON + 0.5 })).toThrow('whole seconds')
  })

  test("a points file of an attacker's gives a proof that does not leave the machine", async () => {
    const genuine = await readReference()
    const points = genuine.points.slice()
    points.copyWithin(64 * 20_000, 64 * 30_000, 64 * 30_001)
    const poisoned = createBackend({
      circuits: CIRCUITS,
      artifacts: readArtifact,
      start: (reference) => startWasm(reference, 2),
      reference: async () => ({ ...genuine, points }),
    })
    try {
      const request = ask(story)
      const response = respondTo(request, north)
      await expect(
        proveResponse({ request, response, holding: north.holding, leaves: story.leaves, backend: poisoned }),
      ).rejects.toMatchObject({ code: 'PROOF_FALSE' })
    } finally {
      await poisoned.destroy()
    }
  })
})
