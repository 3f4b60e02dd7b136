import { acceptanceHash, decodeEnvelope, type ErrorCode, VouchError } from '@vouch/protocol'
import {
  broken,
  ENVELOPE,
  lateHead,
  REQUEST,
  type Readable,
  undecided,
  verify,
  verifyOnChain,
} from '@vouch/verifier'
import { describe, expect, test } from 'vitest'
import { bytes32, NOON, shop } from '../../test/support/proven.js'
import {
  type Changes,
  clockSkew,
  codesOf,
  headAge,
  RESPONSE_AGE,
  requestAge,
  saying,
  scene,
  story,
} from './support/scene.js'

// Every condition of the verifier, at its last value inside and its first outside.

const strictPolicy = { ...story.acceptance, simulated: false }
const strict: Changes = {
  request: { acceptance: acceptanceHash(strictPolicy) },
  given: { acceptance: strictPolicy },
}
const cut = scene().bundle.envelope.subarray(0, 20)

describe('a bundle', () => {
  test.each<readonly [string, Changes, readonly ErrorCode[]]>([
    ['as it should be', {}, []],
    ['with a head as old as may be', { head: { time: NOON - headAge } }, []],
    ['with a head a second older', { head: { time: NOON - headAge - 1 } }, ['HEAD_TOO_OLD']],
    ['with a head as far ahead as may be', { head: { time: NOON + clockSkew } }, []],
    ['with a head a second further ahead', { head: { time: NOON + clockSkew + 1 } }, ['HEAD_FROM_FUTURE']],
    ['with a Request as old as may be', { request: { now: NOON - requestAge - clockSkew } }, []],
    [
      'with a Request a minute older',
      { request: { now: NOON - requestAge - clockSkew - 60 } },
      ['REQUEST_TOO_OLD'],
    ],
    ['with a Request as far ahead as may be', { request: { now: NOON + clockSkew } }, []],
    [
      'with a Request a minute further ahead',
      { request: { now: NOON + clockSkew + 60 } },
      ['REQUEST_FROM_FUTURE'],
    ],
    ['with a response as old as may be', { time: NOON - RESPONSE_AGE - clockSkew }, []],
    ['with a response a second older', { time: NOON - RESPONSE_AGE - clockSkew - 1 }, ['RESPONSE_TOO_OLD']],
    ['with a response as far ahead as may be', { time: NOON + clockSkew }, []],
    ['with a response a second further ahead', { time: NOON + clockSkew + 1 }, ['RESPONSE_FROM_FUTURE']],
    [
      'that answers the challenge, however old',
      { request: { freshness: { kind: 'challenge' } }, time: NOON - 86_400 },
      [],
    ],
    [
      'that answers the challenge, from the future',
      { request: { freshness: { kind: 'challenge' } }, time: NOON + clockSkew + 1 },
      ['RESPONSE_FROM_FUTURE'],
    ],
    ['of a root before the head’s', { head: { root: 5n, previousRoot: story.head.root } }, []],
    [
      'of a root before the head’s, after a removal',
      { head: { root: 5n, previousRoot: 0n } },
      ['ROOT_NOT_ACCEPTED'],
    ],
    [
      'of the root of an empty history, after a removal',
      { head: { root: 5n, previousRoot: 0n }, request: { root: 0n } },
      ['ROOT_NOT_ACCEPTED'],
    ],
    [
      'with a policy that is not simulated, where none may be',
      { acceptance: { simulated: false, policies: [7n] } },
      [],
    ],
    ['with a simulated policy where none may be', strict, ['SIMULATED_NOT_ACCEPTED']],
    [
      'with fewer services than are accepted',
      { request: { services: story.acceptance.services.sha256?.slice(1) ?? [] } },
      [],
    ],
    [
      'with a service more than is accepted',
      { request: { services: [...(story.acceptance.services.sha256 ?? []), bytes32(0xff)] } },
      ['SERVICE_NOT_ACCEPTED'],
    ],
    [
      'with a policy more than is accepted',
      { request: { policies: [7n, ...story.acceptance.policies] } },
      ['POLICY_NOT_ACCEPTED'],
    ],
    ['of another circuit', { bundle: { circuit: bytes32(3) } }, ['CIRCUIT_UNKNOWN']],
    ['whose proof is false', { given: { backend: saying(false) } }, ['PROOF_FALSE']],
    ['whose envelope is none', { bundle: { envelope: cut } }, ['TRUNCATED']],
  ])('%s', async (_, changes, codes) => {
    const { bundle, given } = scene(changes)
    const verdict = await verify(bundle, given)
    expect(codesOf(verdict)).toEqual(codes)
    expect(verdict.accepted).toBe(codes.length === 0)
    expect(verdict.checks.filter(({ outcome }) => outcome === 'failed')).toHaveLength(codes.length)
  })

  test('that answers another challenge is refused by the nonce', async () => {
    const freshness = { kind: 'challenge' } as const
    const { bundle, given } = scene({ request: { freshness } })
    const { envelope } = scene({ request: { freshness, challenge: bytes32(2) } }).bundle
    expect(codesOf(await verify({ ...bundle, envelope }, given))).toEqual(['NONCE_MISMATCH'])
  })

  test('says whether simulated evidence may stand behind it', async () => {
    for (const policies of [[7n], story.acceptance.policies]) {
      const { bundle, given } = scene({ acceptance: { policies } })
      const verdict = await verify(bundle, given)
      if (!verdict.accepted) throw new Error('not accepted')
      expect(verdict.proven).toMatchObject({ nullifier: 7n, time: NOON, simulated: policies[0] !== 7n })
    }
  })

  test('of another Request has a proof that is not looked at', async () => {
    const { bundle, given } = scene({ bundle: { request: 1n } })
    const backend = { verify: () => Promise.reject(new Error('looked at')) }
    const verdict = await verify(bundle, { ...given, backend })
    expect(codesOf(verdict)).toEqual(['REQUEST_MISMATCH'])
    expect(verdict.checks.filter(({ outcome }) => outcome === 'not checked')).toHaveLength(1)
  })

  test('of another circuit has a proof that is not looked at', async () => {
    const { bundle, given } = scene({ bundle: { circuit: bytes32(3) } })
    const backend = { verify: () => Promise.reject(new Error('looked at')) }
    const verdict = await verify(bundle, { ...given, backend })
    expect(verdict.checks.filter(({ outcome }) => outcome === 'not checked')).toHaveLength(1)
  })

  test('whose proof the backend cannot read is refused by that; a bug in it is no verdict', async () => {
    const { bundle, given } = scene()
    const failing = (error: Error) => ({ verify: () => Promise.reject(error) })
    const malformed = new VouchError('PROOF_MALFORMED', { rule: 'a proof must have its length' })
    expect(codesOf(await verify(bundle, { ...given, backend: failing(malformed) }))).toEqual([
      'PROOF_MALFORMED',
    ])
    await expect(verify(bundle, { ...given, backend: failing(new TypeError('a bug')) })).rejects.toThrow(
      'a bug',
    )
  })
})

const SESSION = {
  freshness: { kind: 'challenge' },
  asks: { kind: 'session', sealingKey: bytes32(9), until: NOON + 600 },
} as const
const FALSE_OPENING = { salt: bytes32(9), message: new Uint8Array() }

describe('a contract’s verdict', () => {
  const judged = (changes: Changes & { readonly refusal?: Error; readonly verifier?: string }) => {
    const { bundle, given } = scene(changes)
    const { refusal, verifier = shop } = changes
    const gateway = () => (refusal === undefined ? Promise.resolve() : Promise.reject(refusal))
    return verifyOnChain(bundle, { ...given, verifier, gateway })
  }
  const refused = new VouchError('CHAIN_REFUSED', { rule: 'the gateway must accept it' })

  test.each<readonly [string, Parameters<typeof judged>[0], readonly ErrorCode[]]>([
    ['as it should be', {}, []],
    ['for another contract', { verifier: 'https://carol.example' }, ['VERIFIER_MISMATCH']],
    ['of a Request for a session', { request: SESSION }, ['ASKS_MISMATCH']],
    ['of another question', { request: { askHash: bytes32(9) } }, ['ASK_MISMATCH']],
    ['with a false opening', { given: { opening: FALSE_OPENING } }, ['OPENING_FALSE']],
    [
      'of a Request that is too old',
      { request: { now: NOON - requestAge - clockSkew - 60 } },
      ['REQUEST_TOO_OLD'],
    ],
    ['of another Request', { bundle: { request: 1n } }, ['REQUEST_MISMATCH']],
    ['of a response that is too old', { time: NOON - RESPONSE_AGE - clockSkew - 1 }, ['RESPONSE_TOO_OLD']],
    ['whose envelope is none', { bundle: { envelope: cut } }, ['TRUNCATED']],
    ['whose proof is false', { given: { backend: saying(false) } }, ['PROOF_FALSE']],
    ['that the gateway refuses', { refusal: refused }, ['CHAIN_REFUSED']],
  ])('%s', async (_, changes, codes) => {
    const verdict = await judged(changes)
    expect(codesOf(verdict)).toEqual(codes)
    expect(verdict.accepted).toBe(codes.length === 0)
  })

  test('lists every check, that of the gateway too', async () => {
    const verdict = await judged({})
    if (!verdict.accepted) throw new Error('not accepted')
    expect(verdict.checks).toHaveLength(17)
    expect(verdict.proven).toMatchObject({ nullifier: 7n, time: NOON, simulated: true })
    const other = await judged({ bundle: { request: 1n } })
    expect(other.checks.filter(({ outcome }) => outcome === 'not checked')).toHaveLength(1)
  })
})

test('of a bundle for another Request, the circuit is not looked at either: its proof says nothing here', async () => {
  const { bundle, given } = scene({ bundle: { request: 1n, circuit: bytes32(9) } })
  expect(codesOf(await verify(bundle, given))).toEqual(['REQUEST_MISMATCH'])
})

describe('what could not be read', () => {
  const unreadable = new VouchError('FILE_NOT_FOUND', { rule: 'the file must be there' })
  const { bundle, given } = scene()
  const { request, acceptance, head } = given
  const all = { bundle, request, acceptance, head }
  const without = (...names: readonly (keyof Readable)[]): Readable =>
    Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name as keyof Readable)))

  test.each<readonly [string, Readable, number]>([
    ['nothing', {}, 1],
    ['the head alone', without('bundle', 'request', 'acceptance'), 2],
    ['the acceptance policy alone', without('bundle', 'request', 'head'), 1],
    ['the Request alone', without('bundle', 'acceptance', 'head'), 1],
    ['the bundle alone', without('acceptance', 'request', 'head'), 2],
    ['head and policy', without('bundle', 'request'), 6],
    ['head and Request', without('bundle', 'acceptance'), 3],
    ['Request and policy', without('bundle', 'head'), 10],
    ['Request and bundle', without('acceptance', 'head'), 5],
    ['all but the bundle', without('bundle'), 16],
  ])('leaves the checks of the rest: %s', async (_, readable, checks) => {
    const verdict = await undecided([unreadable], readable, NOON, saying(true))
    expect(codesOf(verdict)).toEqual(['FILE_NOT_FOUND'])
    expect(verdict.checks).toHaveLength(checks)
  })

  test('hides no false opening, though the Request cannot be read, and no replayed envelope', async () => {
    const opening = { salt: bytes32(9), message: new Uint8Array() }
    const alone = await undecided([unreadable], { bundle, opening }, NOON, saying(true))
    expect(codesOf(alone)).toEqual(['FILE_NOT_FOUND', 'OPENING_FALSE'])
    const challenged = { ...request, freshness: { kind: 'challenge' }, challenge: bytes32(0xee) } as const
    for (const readable of [
      { bundle, request: challenged, acceptance },
      { bundle, request: challenged },
    ])
      expect(codesOf(await undecided([unreadable], readable, NOON, saying(true)))).toContain('NONCE_MISMATCH')
    const ahead = await undecided([unreadable], { bundle, acceptance }, NOON - clockSkew - 1, saying(true))
    expect(codesOf(ahead)).toEqual(['FILE_NOT_FOUND', 'RESPONSE_FROM_FUTURE'])
    const late = { bundle, request, acceptance }
    const at = NOON + RESPONSE_AGE + clockSkew + 1
    expect(codesOf(await undecided([unreadable], late, at, saying(true)))).toContain('RESPONSE_TOO_OLD')
  })

  test('hides no forged head, no false proof and no bundle of another Request', async () => {
    const judged = (readable: Readable, holds: boolean) =>
      undecided([unreadable], readable, NOON, saying(holds))
    const forged = { ...head, seq: head.seq + 1 }
    expect(codesOf(await judged({ head: forged }, true))).toContain('HEAD_SIGNATURE_FALSE')
    expect(codesOf(await judged({ bundle, request }, false))).toContain('PROOF_FALSE')
    const other = await judged({ bundle: { ...bundle, request: 1n }, request }, false)
    expect(codesOf(other)).toEqual(['FILE_NOT_FOUND', 'REQUEST_MISMATCH'])
    expect(other.checks.map(({ outcome }) => outcome)).toEqual([
      'failed',
      'held',
      'failed',
      'held',
      'not checked',
    ])
    expect(codesOf(await judged({ request: { ...request, root: 5n }, head }, true))).toContain(
      'ROOT_NOT_ACCEPTED',
    )
  })
})

describe('a rule by itself', () => {
  const foreign = bytes32(0xee)
  const { bundle, given } = scene()
  const judged = (kind: 'challenge' | 'max_age') => ({
    envelope: { ...decodeEnvelope(bundle.envelope), clientNonce: foreign },
    request: {
      ...given.request,
      freshness: kind === 'challenge' ? { kind } : { kind, seconds: RESPONSE_AGE },
    },
  })

  test('is broken where it applies and does not hold', () => {
    expect(broken(ENVELOPE.nonce, judged('challenge')).map(({ code }) => code)).toEqual(['NONCE_MISMATCH'])
  })

  test('is told in the words of its judge: without the verifier’s hint, with what was given', () => {
    const late = { ...given.request, now: NOON - requestAge - clockSkew - 60 }
    const facts = { request: late, ages: { headAge, requestAge, clockSkew, grace: clockSkew }, now: NOON }
    const [own] = broken(REQUEST.age, facts)
    expect(own).toMatchObject({ code: 'REQUEST_TOO_OLD', hint: expect.stringContaining('kept') })
    const [said] = broken(REQUEST.age, facts, { rule: 'the Request must be near the clock' })
    expect(said).toEqual({
      code: 'REQUEST_TOO_OLD',
      rule: 'the Request must be near the clock',
      given: own?.given,
    })
  })

  test('is not broken where it does not apply: a response by age needs no nonce of this Request', () => {
    expect(broken(ENVELOPE.nonce, judged('max_age'))).toEqual([])
  })
})

describe('a registry that has fallen silent', () => {
  test('is told before its head is too old, from the second on that another head is due', () => {
    expect(lateHead({ time: NOON }, headAge, NOON + 2400)).toBeUndefined()
    expect(lateHead({ time: NOON }, headAge, NOON + 2401)).toEqual({ since: NOON, until: NOON + headAge })
  })
})
