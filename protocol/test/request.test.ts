import { describe, expect, it } from 'vitest'
import { someRequest } from '../../fixtures/statements/requests.js'
import {
  decodeRequest,
  encodeRequest,
  inForceAt,
  isAsStrict,
  MAX_FILE_BYTES,
  parseRequest,
  printRequest,
  type Request,
  requestHash,
  scopeOf,
} from '../src/index.js'
import { expectRefusal } from '../testing/refusal.js'
import { itReproduces } from '../testing/vectors.js'
import { request } from './support/samples.js'

itReproduces('request', 'scope')

const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(31, (bytes[31] ?? 0) ^ 1)

const session = { kind: 'session', sealingKey: request.challenge, until: request.now + 3600 } as const

const changes: Readonly<Record<string, Partial<Request>>> = {
  verifierId: { verifierId: flipped(request.verifierId) },
  challenge: { challenge: flipped(request.challenge) },
  context: { context: request.challenge },
  profile: { profile: 'eip191' },
  freshness: { freshness: { kind: 'max_age', seconds: 60 } },
  now: { now: request.now + 60 },
  registryId: { registryId: flipped(request.registryId) },
  root: { root: request.root + 1n },
  acceptance: { acceptance: request.acceptance + 1n },
  askHash: { askHash: request.challenge },
  asks: { asks: session },
  services: { services: request.services.slice(1) },
  policies: { policies: request.policies.slice(1) },
}

describe('a Request', () => {
  it('is read back as it was written, in bytes and as a file', () => {
    for (const change of [{}, ...Object.values(changes)]) {
      const changed = { ...request, ...change }
      expect(decodeRequest(encodeRequest(changed))).toEqual(changed)
      expect(parseRequest(printRequest(changed))).toEqual(changed)
    }
  })

  it('has members that all count: every change gives another hash', () => {
    const hashes = [request, ...Object.values(changes).map((change) => ({ ...request, ...change }))].map(
      requestHash,
    )
    expect(new Set(hashes).size).toBe(hashes.length)
  })

  it('leaves none of its members untested above', () => {
    const members = new Set(Object.keys({ ...request, context: undefined, askHash: undefined }))
    members.delete('version') // there is one version; another is refused
    expect(new Set(Object.keys(changes))).toEqual(members)
  })

  it.each<[string, Partial<Request>, string]>([
    [
      'services in another order',
      { services: request.services.toReversed() },
      'request.services must be distinct and ascend',
    ],
    ['a policy twice', { policies: [1n, 1n] }, 'request.policies must be distinct and ascend'],
  ])('is not written with %s', (_, change, rule) => {
    for (const write of [encodeRequest, printRequest, requestHash]) {
      expectRefusal(() => write({ ...request, ...change }), 'NOT_ASCENDING', rule)
    }
  })

  it.each<[string, Partial<Request>, string]>([
    [
      'by age',
      { freshness: { kind: 'max_age', seconds: 60 } },
      'request.freshness of a session must be challenge',
    ],
    ['with a question', { askHash: request.challenge }, 'request of a session must have no ask_hash'],
    [
      'that ends as it begins',
      { asks: { ...session, until: request.now } },
      'request.asks.until must be after now, by 604800 s at most',
    ],
    [
      'longer than a week',
      { asks: { ...session, until: request.now + 604_860 } },
      'request.asks.until must be after now, by 604800 s at most',
    ],
  ])('for a session is not written %s', (_, change, rule) => {
    for (const write of [encodeRequest, printRequest, requestHash]) {
      expectRefusal(() => write({ ...request, asks: session, ...change }), 'VALUE_OUT_OF_RANGE', rule)
    }
  })

  it('for a session needs an admission that is in force until its end', () => {
    expect(inForceAt(request)).toBe(request.now)
    expect(inForceAt({ ...request, asks: session })).toBe(session.until)
  })

  it('is UTF-8 when it comes as bytes', () => {
    const file = new TextEncoder().encode(printRequest(request))
    expect(parseRequest(file)).toEqual(request)
    expectRefusal(() => parseRequest(file.with(5, 0xff)), 'JSON_MALFORMED', 'a file must be UTF-8 text')
    const marked = Uint8Array.from([0xef, 0xbb, 0xbf, ...file])
    expectRefusal(() => parseRequest(marked), 'JSON_MALFORMED', 'a JSON value was expected')
  })

  it('is not read from a file past the limit', () => {
    const spaces = ' '.repeat(MAX_FILE_BYTES)
    expectRefusal(
      () => parseRequest(spaces + JSON.stringify(someRequest)),
      'TOO_LARGE',
      `request must be at most ${MAX_FILE_BYTES} bytes`,
    )
  })
})

describe('a scope', () => {
  it('is of the verifier and of the challenge or the context, and never the same for both', () => {
    const { verifierId, challenge } = request
    const context = flipped(challenge)
    const scopes = [
      scopeOf({ verifierId, challenge }),
      scopeOf({ verifierId, challenge: context }),
      scopeOf({ verifierId: flipped(verifierId), challenge }),
      scopeOf({ verifierId, challenge, context }),
      scopeOf({ verifierId, challenge, context: challenge }),
    ]
    expect(new Set(scopes).size).toBe(scopes.length)
    expect(scopeOf({ verifierId, challenge: context, context })).toBe(scopes[3])
  })

  it.each<[string, Partial<Request>]>([
    ['verifier id', { verifierId: new Uint8Array(31), context: new Uint8Array(33) }],
    ['challenge', { challenge: new Uint8Array(31) }],
    ['context', { context: new Uint8Array(33) }],
  ])('is of a %s of 32 bytes, so that none can be cut elsewhere', (what, change) => {
    expectRefusal(() => scopeOf({ ...request, ...change }), 'VALUE_MALFORMED', `${what} must have 32 bytes`)
  })
})

it('freshness by challenge is the strictest, and a shorter age is stricter than a longer one', () => {
  const age = (seconds: number) => ({ kind: 'max_age', seconds }) as const
  const challenge = { kind: 'challenge' } as const
  expect(isAsStrict(challenge, challenge)).toBe(true)
  expect(isAsStrict(challenge, age(1))).toBe(true)
  expect(isAsStrict(age(1), challenge)).toBe(false)
  expect(isAsStrict(age(60), age(60))).toBe(true)
  expect(isAsStrict(age(61), age(60))).toBe(false)
})
