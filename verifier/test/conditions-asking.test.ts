import { Checks, gravest, gravestError, type Request, VouchError } from '@vouch/protocol'
import { makeRequest, memorySeen, openChallenges, verify } from '@vouch/verifier'
import { describe, expect, test } from 'vitest'
import { bytes32, NOON, shop } from '../../test/support/proven.js'
import { judge, judgeAtOnce } from '../src/checks.js'
import { verdictOf } from '../src/verdict.js'
import { codesOf, headAge, saying, scene, story } from './support/scene.js'

// The conditions of making Requests, of challenges that are answered once, and of the list of checks.

describe('the list of checks', () => {
  const rule = 'it must hold'
  const proven = {
    payload: bytes32(1),
    digest: bytes32(2),
    asked: undefined,
    time: 1,
    nullifier: 1n,
    simulated: false,
  }

  const hold = { code: 'PROOF_FALSE', rule } as const

  test('notes how each rule came out, and answers it', () => {
    const checks = new Checks()
    expect(checks.note(true, hold)).toBe(true)
    expect(verdictOf(checks, proven)).toMatchObject({
      accepted: true,
      exit: 0,
      checks: [{ rule, outcome: 'held' }],
    })
    const failing = new Checks()
    expect(failing.note(false, hold)).toBe(false)
    failing.refuse(rule, new VouchError('TRUNCATED', { rule }))
    failing.skip(rule)
    const verdict = verdictOf(failing, undefined)
    expect(verdict.checks.map(({ outcome }) => outcome)).toEqual(['failed', 'failed', 'not checked'])
    expect(codesOf(verdict)).toEqual(['PROOF_FALSE', 'TRUNCATED'])
  })

  test('hides no bug behind a refusal', () => {
    expect(() => new Checks().refuse(rule, new TypeError('a bug'))).toThrow('a bug')
  })

  test('gives no verdict of what was not all checked, or showed nothing', () => {
    const skipped = new Checks()
    skipped.skip(rule)
    expect(() => verdictOf(skipped, proven)).toThrow('must have checked everything')
    expect(() => verdictOf(new Checks(), undefined)).toThrow('must have checked everything')
  })

  test('has the gravest failure, as an error too', () => {
    const old = { code: 'HEAD_TOO_OLD', rule: 'the head must be young' } as const
    const forged = { code: 'HEAD_SIGNATURE_FALSE', rule: 'the head must be signed' } as const
    expect(gravest([old, forged])).toBe(forged)
    expect(gravest([])).toBeUndefined()
    expect(() => {
      throw gravestError([old, forged])
    }).toThrow('the head must be signed')
  })
})

describe('a judge', () => {
  const { bundle, given } = scene()
  const { request, head, acceptance, now, backend } = given

  test('who lacks what a rule looks at is stopped: a rule left out would let everything through', async () => {
    const lacking = { bundle, request, head, now, backend }
    await expect(judge(new Checks(), ['head'], lacking)).rejects.toThrow('a judge of head must have registry')
    expect(() => judgeAtOnce(new Checks(), ['request'], { request, acceptance })).toThrow(
      'a judge of request must have registry',
    )
  })
})

describe('a Request that is made', () => {
  const { acceptance, head } = story
  const parameters = {
    acceptance,
    head,
    now: NOON,
    verifier: shop,
    challenge: bytes32(1),
    profile: 'sha256',
  } as const

  test('says the minute, the policy’s freshness or a stricter one, and the context if there is one', () => {
    expect(makeRequest({ ...parameters, now: NOON + 59 }).now).toBe(NOON)
    expect(makeRequest({ ...parameters, now: NOON + 60 }).now).toBe(NOON + 60)
    expect(makeRequest(parameters).freshness).toEqual(acceptance.freshness)
    expect(makeRequest({ ...parameters, freshness: { kind: 'challenge' } }).freshness).toEqual({
      kind: 'challenge',
    })
    expect(makeRequest(parameters)).not.toHaveProperty('context')
    expect(makeRequest({ ...parameters, context: bytes32(4) }).context).toEqual(bytes32(4))
    expect(makeRequest(parameters).services).toEqual(acceptance.services.sha256)
  })

  test.each<readonly [string, Partial<Parameters<typeof makeRequest>[0]>, string]>([
    ['a head that is not signed', { head: { ...head, seq: 0 } }, 'HEAD_SIGNATURE_FALSE'],
    ['a head that is too old', { now: NOON + headAge }, 'HEAD_TOO_OLD'],
    ['a freshness that is too weak', { freshness: { kind: 'max_age', seconds: 301 } }, 'FRESHNESS_TOO_WEAK'],
    ['a challenge that no Request can hold', { challenge: new Uint8Array(31) }, 'VALUE_MALFORMED'],
    [
      'a profile that is not accepted',
      { acceptance: { ...acceptance, services: { eip191: acceptance.services.eip191 ?? [] } } },
      'PROFILE_NOT_ACCEPTED',
    ],
  ])('is none for %s', (_, change, code) => {
    expect(() => makeRequest({ ...parameters, ...change })).toThrow(expect.objectContaining({ code }))
  })
})

describe('what is left out at will, and given as something else, is a slip', () => {
  const { bundle, given } = scene()
  const { acceptance, head } = story
  const asking = {
    acceptance,
    head,
    now: NOON,
    verifier: shop,
    challenge: bytes32(1),
    profile: 'sha256',
  } as const

  test('a hash of a question in hexadecimal', () => {
    const askHash = 'ab'.repeat(32) as unknown as Uint8Array
    expect(() => makeRequest({ ...asking, askHash })).toThrow(expect.objectContaining({ code: 'USAGE' }))
    expect(makeRequest({ ...asking, askHash: bytes32(2) }).askHash).toEqual(bytes32(2))
    expect(Object.keys(makeRequest(asking))).not.toContain('askHash')
  })

  test('an opening that is text', async () => {
    const opening = 'hello' as unknown as NonNullable<typeof given.opening>
    await expect(verify(bundle, { ...given, opening })).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('a challenge that carries its maker’s mark', () => {
  const key = bytes32(0x77)
  const salt = new Uint8Array(16).fill(1)
  const { acceptance, head } = story
  const given = { acceptance, head, now: NOON, backend: saying(true) }
  const replyTo = (request: Request) => ({ version: 2, request, bundle: scene({ request }).bundle }) as const
  const made = { acceptance, head, now: NOON, verifier: shop, profile: 'sha256', salt } as const

  test('is answered once, and only by its maker', async () => {
    const bob = openChallenges({ key, seen: memorySeen() })
    const reply = replyTo(bob.ask(made))
    const first = await bob.judge(reply, given)
    expect(first.accepted).toBe(true)
    expect(first.checks.every(({ outcome }) => outcome === 'held')).toBe(true)
    const second = await bob.judge(reply, given)
    expect(second).toMatchObject({ accepted: false, exit: 3 })
    expect(codesOf(second)).toEqual(['CHALLENGE_USED'])
    const stranger = await openChallenges({ key: bytes32(1), seen: memorySeen() }).judge(reply, given)
    expect(stranger).toMatchObject({ accepted: false, exit: 3 })
    expect(codesOf(stranger)).toEqual(['CHALLENGE_UNKNOWN'])
  })

  test('is not used up by an answer that is refused', async () => {
    const bob = openChallenges({ key, seen: memorySeen() })
    const reply = replyTo(bob.ask(made))
    expect(codesOf(await bob.judge(reply, { ...given, backend: saying(false) }))).toEqual(['PROOF_FALSE'])
    expect((await bob.judge(reply, given)).accepted).toBe(true)
  })

  test('is made of 16 bytes and a key of 32', () => {
    expect(() => openChallenges({ key: new Uint8Array(31), seen: memorySeen() })).toThrow('key')
  })
})

describe('the memory of one process', () => {
  test('is full at its capacity, and forgets what is over, to the second', () => {
    const seen = memorySeen({ capacity: 1 })
    expect(seen.consume(bytes32(1), NOON + 60, NOON)).toBe(true)
    expect(seen.consume(bytes32(1), NOON + 60, NOON)).toBe(false)
    expect(() => seen.consume(bytes32(2), NOON + 120, NOON + 60)).toThrow('at one time')
    expect(seen.consume(bytes32(2), NOON + 120, NOON + 61)).toBe(true)
    expect(() => memorySeen({ capacity: 0 }).consume(bytes32(1), NOON, NOON)).toThrow('at one time')
  })
})
