import { createHash } from 'node:crypto'
import type { Backend, CircuitName } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import {
  type AcceptancePolicy,
  askHash,
  type Bundle,
  type ErrorCode,
  EXIT_OF,
  type Head,
  type HeadContent,
  P,
  PROFILES,
  signHead,
  VouchError,
  verifierIdOf,
} from '@vouch/protocol'
import { proveResponse } from '@vouch/prover'
import { makeRequest, undecided, type Verdict, type VerifyParameters, verify } from '@vouch/verifier'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeStory, registrarKey } from '../../fixtures/story/story.js'
import { ask, bytes32, NOON, type Proven, prove, respondTo, shop } from '../../test/support/proven.js'

let backend: Backend<CircuitName>
let proven: Proven

beforeAll(async () => {
  backend = await openBackend({ kind: 'native' })
  proven = await prove(backend)
})
afterAll(() => backend?.destroy())

const codesOf = (verdict: Verdict): readonly ErrorCode[] =>
  verdict.accepted ? [] : verdict.failures.map(({ code }) => code)

/** Judges the proven bundle with something changed, and wants exactly these failures. */
async function expectFailures(
  changed: { readonly bundle?: Partial<Bundle>; readonly given?: Partial<VerifyParameters> },
  codes: readonly ErrorCode[],
): Promise<void> {
  const verdict = await verify({ ...proven.bundle, ...changed.bundle }, { ...proven.given, ...changed.given })
  expect(codesOf(verdict)).toEqual(codes)
  expect(verdict.exit).toBe(Math.min(...codes.map((code) => EXIT_OF[code])))
}

const flipped = (bytes: Uint8Array, at: number, bit = 1): Uint8Array =>
  bytes.map((byte, i) => (i === at ? byte ^ bit : byte))

describe('a bundle that holds', () => {
  test('is accepted, and every check is listed as held', async () => {
    const verdict = await verify(proven.bundle, proven.given)
    expect(codesOf(verdict)).toEqual([])
    if (!verdict.accepted) throw new Error('not accepted')
    expect(new TextDecoder().decode(verdict.proven.payload)).toBe('hello')
    expect(verdict.proven.simulated).toBe(true)
    expect(verdict.checks.every(({ outcome }) => outcome === 'held')).toBe(true)
    expect(verdict.checks).toHaveLength(21)
  })

  test.each(['native', 'wasm'] as const)('holds under eip191, proved and verified in %s', async (kind) => {
    const own = await openBackend({ kind })
    try {
      const { bundle, given } = await prove(own, { profile: 'eip191' })
      expect(codesOf(await verify(bundle, given))).toEqual([])
      expect(codesOf(await verify(bundle, { ...given, backend }))).toEqual([])
    } finally {
      await own.destroy()
    }
  })

  test('proved in wasm is accepted natively, and the other way round', async () => {
    const wasm = await openBackend({ kind: 'wasm' })
    try {
      const { bundle, given } = await prove(wasm)
      expect(codesOf(await verify(bundle, { ...given, backend }))).toEqual([])
      expect(codesOf(await verify(proven.bundle, { ...proven.given, backend: wasm }))).toEqual([])
    } finally {
      await wasm.destroy()
    }
  })
})

describe('a changed bundle', () => {
  test('no word of the proof may change', async () => {
    const { proof } = proven.bundle
    for (let word = 0; word < proof.length / 32; word++) {
      const at = 32 * word + ((word * 7) % 32)
      await expectFailures({ bundle: { proof: flipped(proof, at, 1 << (word % 8)) } }, ['PROOF_FALSE'])
    }
  })

  test('a proof word plus p is not a second spelling of the proof', async () => {
    const { proof } = proven.bundle
    for (let word = 0; word < proof.length / 32; word += 11) {
      const value = BigInt(`0x${Buffer.from(proof.subarray(32 * word, 32 * word + 32)).toString('hex')}`)
      const other = value + P
      if (other >> 256n) continue
      const respelled = proof.slice()
      respelled.set(Buffer.from(other.toString(16).padStart(64, '0'), 'hex'), 32 * word)
      await expectFailures({ bundle: { proof: respelled } }, ['PROOF_FALSE'])
    }
  })

  test.each([
    ['shorter', (proof: Uint8Array) => proof.slice(0, -1)],
    ['a word shorter', (proof: Uint8Array) => proof.slice(0, -32)],
    ['a word longer', (proof: Uint8Array) => Uint8Array.from([...proof, ...new Uint8Array(32)])],
  ])('a proof that is %s is malformed', async (_, change) => {
    await expectFailures({ bundle: { proof: change(proven.bundle.proof) } }, ['PROOF_MALFORMED'])
  })

  test('every byte of the envelope counts', async () => {
    const { envelope } = proven.bundle
    for (let at = 0; at < envelope.length; at++) {
      const verdict = await verify({ ...proven.bundle, envelope: flipped(envelope, at) }, proven.given)
      expect(codesOf(verdict)).toContain('PROOF_FALSE')
      expect(verdict.exit).toBe(2)
    }
  })

  test('another nullifier is false', () =>
    expectFailures({ bundle: { nullifier: proven.bundle.nullifier + 1n } }, ['PROOF_FALSE']))

  test('another request hash is refused, and the proof not looked at', async () => {
    await expectFailures({ bundle: { request: proven.bundle.request ^ 1n } }, ['REQUEST_MISMATCH'])
    const verdict = await verify({ ...proven.bundle, request: 0n }, proven.given)
    expect(verdict.checks.filter(({ outcome }) => outcome === 'not checked')).toHaveLength(1)
  })

  test('a key that is not pinned is unknown, whatever the proof', () =>
    expectFailures({ bundle: { circuit: flipped(proven.bundle.circuit, 5) } }, ['CIRCUIT_UNKNOWN']))
})

describe('another Request', () => {
  const cases: readonly (readonly [
    string,
    (r: Proven['given']['request']) => Partial<Proven['given']['request']>,
    readonly ErrorCode[],
  ])[] = [
    ['verifier', () => ({ verifierId: bytes32(1) }), ['REQUEST_MISMATCH']],
    ['challenge', () => ({ challenge: bytes32(2) }), ['REQUEST_MISMATCH']],
    ['context', () => ({ context: bytes32(3) }), ['REQUEST_MISMATCH']],
    ['profile', () => ({ profile: 'eip191' }), ['SERVICE_NOT_ACCEPTED', 'REQUEST_MISMATCH']],
    ['freshness', () => ({ freshness: { kind: 'challenge' } }), ['REQUEST_MISMATCH']],
    [
      'weaker freshness',
      () => ({ freshness: { kind: 'max_age', seconds: 301 } }),
      ['FRESHNESS_TOO_WEAK', 'REQUEST_MISMATCH'],
    ],
    ['now', (r) => ({ now: r.now - 60 }), ['REQUEST_MISMATCH']],
    ['registry', () => ({ registryId: bytes32(4) }), ['REGISTRY_NOT_ACCEPTED', 'REQUEST_MISMATCH']],
    ['root', (r) => ({ root: r.root + 1n }), ['ROOT_NOT_ACCEPTED', 'REQUEST_MISMATCH']],
    ['acceptance', (r) => ({ acceptance: r.acceptance ^ 1n }), ['ACCEPTANCE_MISMATCH', 'REQUEST_MISMATCH']],
    ['services', () => ({ services: [bytes32(5)] }), ['SERVICE_NOT_ACCEPTED', 'REQUEST_MISMATCH']],
    ['fewer services', (r) => ({ services: r.services.slice(1) }), ['REQUEST_MISMATCH']],
    ['policies', () => ({ policies: [7n] }), ['POLICY_NOT_ACCEPTED', 'REQUEST_MISMATCH']],
  ]
  test.each(cases)('with another %s', async (_, change, codes) => {
    const request = { ...proven.given.request, ...change(proven.given.request) }
    await expectFailures({ given: { request } }, codes)
  })

  test('even with its hash written into the bundle', async () => {
    const request = ask(proven.story, { challenge: bytes32(9) })
    const { requestHash } = await import('@vouch/protocol')
    await expectFailures({ given: { request }, bundle: { request: requestHash(request) } }, ['PROOF_FALSE'])
  })
})

describe('another acceptance policy', () => {
  const cases: readonly (readonly [
    string,
    (a: AcceptancePolicy) => Partial<AcceptancePolicy>,
    readonly ErrorCode[],
  ])[] = [
    [
      'registry',
      (a) => ({ registry: { ...a.registry, id: bytes32(1) } }),
      ['REGISTRY_NOT_ACCEPTED', 'ACCEPTANCE_MISMATCH', 'REGISTRY_NOT_ACCEPTED'],
    ],
    [
      'signer',
      (a) => ({ registry: { ...a.registry, signer: flipped(a.registry.signer, 9) } }),
      ['SIGNER_NOT_ACCEPTED', 'ACCEPTANCE_MISMATCH'],
    ],
    ['skew', () => ({ clockSkew: 61 }), ['ACCEPTANCE_MISMATCH']],
    ['head age', () => ({ headAge: 119 }), ['HEAD_TOO_OLD', 'ACCEPTANCE_MISMATCH']],
    ['request age', () => ({ requestAge: 601 }), ['ACCEPTANCE_MISMATCH']],
    [
      'freshness',
      () => ({ freshness: { kind: 'challenge' } }),
      ['ACCEPTANCE_MISMATCH', 'FRESHNESS_TOO_WEAK'],
    ],
    ['simulated', () => ({ simulated: false }), ['ACCEPTANCE_MISMATCH', 'SIMULATED_NOT_ACCEPTED']],
    ['policies', () => ({ policies: [7n] }), ['ACCEPTANCE_MISMATCH', 'POLICY_NOT_ACCEPTED']],
    [
      'profile',
      (a) => ({ services: { eip191: a.services.eip191 ?? [] } }),
      ['ACCEPTANCE_MISMATCH', 'PROFILE_NOT_ACCEPTED', 'SERVICE_NOT_ACCEPTED'],
    ],
  ]
  test.each(cases)('with another %s', async (_, change, codes) => {
    const acceptance = { ...proven.given.acceptance, ...change(proven.given.acceptance) }
    await expectFailures({ given: { acceptance } }, codes)
  })
})

describe('another head', () => {
  const resigned = (changes: Partial<HeadContent>): Head =>
    signHead({ ...proven.story.head, ...changes }, registrarKey)

  const altered: readonly (readonly [string, (h: Head) => Partial<Head>, readonly ErrorCode[]])[] = [
    ['registry', () => ({ registryId: bytes32(1) }), ['HEAD_SIGNATURE_FALSE', 'REGISTRY_NOT_ACCEPTED']],
    ['seq', (h) => ({ seq: h.seq + 1 }), ['HEAD_SIGNATURE_FALSE']],
    ['size', (h) => ({ size: h.size + 1 }), ['HEAD_SIGNATURE_FALSE']],
    ['root', (h) => ({ root: h.root + 1n }), ['HEAD_SIGNATURE_FALSE', 'ROOT_NOT_ACCEPTED']],
    ['previous root', (h) => ({ previousRoot: h.previousRoot + 1n }), ['HEAD_SIGNATURE_FALSE']],
    ['time', (h) => ({ time: h.time + 1 }), ['HEAD_SIGNATURE_FALSE']],
    ['signer', (h) => ({ signer: flipped(h.signer, 0) }), ['HEAD_SIGNATURE_FALSE', 'SIGNER_NOT_ACCEPTED']],
    ['signature', (h) => ({ signature: flipped(h.signature, 63) }), ['HEAD_SIGNATURE_FALSE']],
  ]
  test.each(altered)('with another %s is not signed', async (_, change, codes) => {
    await expectFailures({ given: { head: { ...proven.story.head, ...change(proven.story.head) } } }, codes)
  })

  const signed: readonly (readonly [string, Partial<HeadContent>, readonly ErrorCode[]])[] = [
    ['older than allowed', { time: NOON - 3601 }, ['HEAD_TOO_OLD']],
    ['from the future', { time: NOON + 61 }, ['HEAD_FROM_FUTURE']],
    ['of another registry', { registryId: bytes32(1) }, ['REGISTRY_NOT_ACCEPTED']],
    ['of another root', { root: 5n }, ['ROOT_NOT_ACCEPTED']],
  ]
  test.each(signed)('that is signed, but %s, is refused', async (_, changes, codes) => {
    await expectFailures({ given: { head: resigned(changes) } }, codes)
  })

  test('signed by a stranger is refused', async () => {
    await expectFailures({ given: { head: signHead(proven.story.head, bytes32(9)) } }, [
      'SIGNER_NOT_ACCEPTED',
    ])
  })

  test('whose predecessor is the Request’s root still lets it stand; after a removal nothing earlier stands', async () => {
    const { root } = proven.given.request
    const next = await verify(proven.bundle, {
      ...proven.given,
      head: resigned({ root: 5n, previousRoot: root }),
    })
    expect(next.accepted).toBe(true)
    await expectFailures({ given: { head: resigned({ root: 5n, previousRoot: 0n }) } }, ['ROOT_NOT_ACCEPTED'])
  })
})

describe('another time', () => {
  test.each([
    [NOON + 660, []],
    [NOON + 3600 - 120, ['REQUEST_TOO_OLD', 'RESPONSE_TOO_OLD']],
    [NOON - 60, []],
    [NOON - 61, ['REQUEST_FROM_FUTURE', 'RESPONSE_FROM_FUTURE']],
    [NOON + 361, ['RESPONSE_TOO_OLD']],
  ] as const)('at %i', async (now, codes) => {
    const verdict = await verify(proven.bundle, { ...proven.given, now })
    expect(codesOf(verdict)).toEqual(now === NOON + 660 ? ['RESPONSE_TOO_OLD'] : codes)
  })
})

describe('what was asked', () => {
  const opening = { salt: bytes32(7), message: new TextEncoder().encode('hello?') }

  test('is shown by an opening, which the envelope answers', async () => {
    const verdict = await verify(proven.bundle, { ...proven.given, opening })
    expect(verdict).toMatchObject({ accepted: true, proven: { asked: opening.message } })
    expect(verdict.checks).toHaveLength(22)
    const without = await verify(proven.bundle, proven.given)
    expect(without).toMatchObject({ accepted: true, proven: { asked: undefined } })
  })

  test.each<[string, Partial<typeof opening>]>([
    ['another message', { message: new TextEncoder().encode('hello!') }],
    ['no message', { message: new Uint8Array() }],
    ['another salt', { salt: bytes32(8) }],
  ])('is not %s: an opening that contradicts the envelope is false', async (_, change) => {
    await expectFailures({ given: { opening: { ...opening, ...change } } }, ['OPENING_FALSE'])
    const unread = [new VouchError('HEAD_MISSING', { rule: 'the head must be there' })]
    const { bundle, given } = proven
    const { request, acceptance } = given
    const readable = { bundle, request, acceptance, opening: { ...opening, ...change } }
    const verdict = await undecided(unread, readable, NOON, backend)
    expect(codesOf(verdict)).toEqual(['HEAD_MISSING', 'OPENING_FALSE'])
    expect(verdict.exit).toBe(2)
  })

  test('is Bob’s to choose: an answer to another question is not accepted', async () => {
    const chosen = await prove(backend, { askHash: askHash(opening.salt, opening.message) })
    expect(codesOf(await verify(chosen.bundle, chosen.given))).toEqual([])
    const other = await prove(backend, { askHash: askHash(bytes32(8), opening.message) })
    expect(codesOf(await verify(other.bundle, other.given))).toEqual(['ASK_MISMATCH'])
  })
})

describe('a Request for a session', () => {
  test('is not answered by an answer, though the proof is for that very Request', async () => {
    const session = {
      ...proven.given.request,
      freshness: { kind: 'challenge' },
      asks: { kind: 'session', sealingKey: bytes32(9), until: NOON + 600 },
    } as const
    const [north] = proven.story.machines
    const bundle = await proveResponse({
      request: session,
      response: respondTo(session, north),
      holding: north.holding,
      leaves: proven.story.leaves,
      backend,
    })
    const verdict = await verify(bundle, { ...proven.given, request: session })
    expect(codesOf(verdict)).toEqual(['ASKS_MISMATCH'])
  })
})

describe('the digest', () => {
  test('is of the envelope, and so the same in every proof of one answer', async () => {
    const again = await prove(backend)
    const verdicts = [await verify(proven.bundle, proven.given), await verify(again.bundle, again.given)].map(
      (verdict) => (verdict.accepted ? verdict.proven.digest : undefined),
    )
    expect(again.bundle.proof).not.toEqual(proven.bundle.proof)
    expect(verdicts[0]).toEqual(verdicts[1])
    expect(verdicts[0]).toEqual(new Uint8Array(createHash('sha256').update(proven.bundle.envelope).digest()))
  })

  test('is under the Request’s profile', async () => {
    const { bundle, given } = await prove(backend, { profile: 'eip191' })
    const verdict = await verify(bundle, given)
    expect(verdict).toMatchObject({
      accepted: true,
      proven: { digest: PROFILES.eip191.digest(bundle.envelope) },
    })
  })

  test('tells two answers of one machine apart, which show one nullifier', async () => {
    const story = makeStory(NOON)
    const [north] = story.machines
    const request = ask(story, { context: bytes32(0xcc) })
    const answers = await Promise.all(
      ['one', 'two'].map(async (payload) => {
        const response = respondTo(request, north, 'echo', { payload })
        const { leaves } = story
        return proveResponse({ request, response, holding: north.holding, leaves, backend })
      }),
    )
    const verdicts = await Promise.all(answers.map((bundle) => verify(bundle, { ...proven.given, request })))
    const proofs = verdicts.flatMap((verdict) => (verdict.accepted ? [verdict.proven] : []))
    expect(new Set(proofs.map(({ nullifier }) => nullifier)).size).toBe(1)
    expect(new Set(proofs.map(({ digest }) => digest.join())).size).toBe(2)
  })
})

describe('making a Request', () => {
  test('takes the verifier that asks, and no name of one', () => {
    const { acceptance, head } = proven.story
    const parameters = { acceptance, head, now: NOON, challenge: bytes32(1), profile: 'sha256' } as const
    expect(makeRequest({ ...parameters, verifier: shop }).verifierId).toEqual(verifierIdOf(shop))
    for (const verifier of ['shop.example', 'http://shop.example', 'https://shop.example/pay']) {
      expect(() => makeRequest({ ...parameters, verifier })).toThrow('https origin')
    }
  })

  test('refuses what could not be accepted later', () => {
    const { acceptance, head } = proven.story
    const parameters = {
      acceptance,
      head,
      now: NOON,
      verifier: shop,
      challenge: bytes32(1),
      profile: 'sha256',
    } as const
    const services = { eip191: acceptance.services.eip191 ?? [] }
    expect(() => makeRequest({ ...parameters, acceptance: { ...acceptance, services } })).toThrow(
      'digest profile',
    )
    expect(() => makeRequest({ ...parameters, freshness: { kind: 'max_age', seconds: 301 } })).toThrow(
      'at least as fresh',
    )
    expect(() => makeRequest({ ...parameters, now: NOON + 86_400 })).toThrow('s old')
    expect(() => makeRequest({ ...parameters, head: { ...head, seq: 0 } })).toThrow('signature must hold')
  })
})
