import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAgent } from '@vouch/agent/node'
import { startService } from '@vouch/agent/service'
import { appraise, authenticate, examine, inspect, parseEvidence } from '@vouch/evidence'
import { attest as attested, authenticated, policyJson, policyOf } from '@vouch/evidence/testing/simulated'
import { MAX_TIME } from '@vouch/protocol'
import {
  attest,
  beginEnrollment,
  enroll,
  prove,
  proveEnrollment,
  proveResponse,
  vouchedFetch,
} from '@vouch/prover'
import { openAlice } from '@vouch/prover/node'
import { admit, admitRead, syncRegistry } from '@vouch/registry'
import { makeRequest, openChallenges, undecided, verify, verifyOnChain } from '@vouch/verifier'
import { afterAll, describe, expect, it } from 'vitest'

// A caller without a compiler: what is left out, or spelled in another way, is refused before any work, and skips no check.

// biome-ignore lint/suspicious/noExplicitAny: what such a caller gives has no type
type Anything = any

const folder = await mkdtemp(join(tmpdir(), 'vouch-misuse-'))
const alice = await openAlice({ home: folder })
afterAll(async () => {
  await alice.close()
  await rm(folder, { recursive: true, force: true })
})

const { authentic: evidence } = await authenticated(await attested())
const bytes = new Uint8Array(32)
const object = {}
const work = () => undefined
const { ask, judge } = openChallenges({ key: bytes, seen: object as Anything })

const policy = policyOf(policyJson)
const request = { acceptance: object, head: object, now: 1, verifier: 'https://a.example', profile: 'sha256' }
const judging = { acceptance: object, head: object, now: 1, backend: object }
const answering = {
  credential: object,
  verifier: 'https://a.example',
  mirror: object,
  ledger: object,
  backend: object,
  now: work,
}
const doing = { network: object, backend: object, now: work, random: work }
const beginning = { agent: 'http://a', source: object, mirrorOf: work }
const statement = {
  reportData: bytes,
  osImageHash: bytes,
  gpuDigest: bytes,
  nonce: bytes,
  smtRoot: 1n,
  holderSecret: 1n,
}
const admitting = {
  registryId: bytes,
  checkNonce: work,
  policies: new Map(),
  collateral: work,
  registry: object,
}

/** Entry point → how it is called, and what each of its parameters needs at the least. */
const ENTRIES: Readonly<
  Record<string, readonly [call: (...given: Anything[]) => unknown, ...given: Anything[]]>
> = {
  parseEvidence: [parseEvidence, []],
  examine: [examine, [], 1],
  authenticate: [authenticate, object, 1],
  appraise: [appraise, evidence, policy, 1, { nonce: null }],
  inspect: [inspect, evidence, { nonce: null }],
  makeRequest: [makeRequest, { ...request, challenge: bytes }],
  verify: [verify, object, { ...judging, request: object }],
  verifyOnChain: [
    verifyOnChain,
    object,
    {
      request: object,
      acceptance: object,
      verifier: 'https://a.example',
      now: 1,
      backend: object,
      gateway: work,
    },
  ],
  undecided: [undecided, [], object, 1, object],
  openChallenges: [openChallenges, { key: bytes, seen: object }],
  'challenges.ask': [ask, { ...request, salt: new Uint8Array(16) }],
  'challenges.judge': [judge, { version: 1, request: object, bundle: object }, judging],
  admit: [admit, bytes, { ...admitting, backend: object, now: 1 }],
  admitRead: [admitRead, { enrollment: object, file: bytes }, { ...admitting, backend: object, now: 1 }],
  syncRegistry: [syncRegistry, { source: object, mirror: object }],
  prove: [prove, object, { envelope: bytes, signature: bytes }, answering],
  vouchedFetch: [
    vouchedFetch,
    object,
    { ...answering, service: 's', message: bytes, network: object, random: work },
  ],
  proveResponse: [
    proveResponse,
    { request: object, response: object, holding: object, leaves: [], backend: object },
  ],
  proveEnrollment: [proveEnrollment, { ...statement, backend: object }],
  beginEnrollment: [beginEnrollment, beginning, doing],
  attest: [attest, { draft: object, policy: object }, object, doing],
  enroll: [enroll, { ...beginning, registrar: 'http://r', keepDraft: work }, doing],
  'alice.enroll': [alice.enroll, { agent: 'http://a', registrar: 'http://r' }],
  'alice.ready': [alice.ready, { agent: 'http://a', registrar: 'http://r', name: 'n' }],
  'alice.prove': [
    alice.prove,
    object,
    { envelope: bytes, signature: bytes },
    { credential: object, verifier: 'https://a.example' },
  ],
  'alice.vouchedFetch': [
    alice.vouchedFetch,
    object,
    { credential: object, verifier: 'https://a.example', service: 's', message: 'm' },
  ],
  startService: [startService, { profile: 'sha256', keyFile: '/k', respond: work }],
  startAgent: [startAgent, object, { host: 'h', port: 1, log: work }],
}

/** What comes of a call: an error of ours for its caller, or anything else. */
async function outcome(call: () => unknown): Promise<Anything> {
  try {
    return await call()
  } catch (error) {
    return error
  }
}

/** Every way to leave something out: a parameter, or a member of one. */
const omissions = Object.entries(ENTRIES).flatMap(([entry, [call, ...given]]) =>
  given.flatMap((parameter, i) => {
    const without = (value: unknown): Anything[] => given.with(i, value)
    const isPlain = Object.getPrototypeOf(parameter ?? 0) === Object.prototype && parameter !== object
    const members = isPlain ? Object.keys(parameter) : []
    const missing = members.map((name) => {
      const { [name]: _, ...others } = parameter
      return { entry, call, what: `${i}.${name}`, name: `.${name} `, given: without(others) }
    })
    // What only has to be there where it is looked at is judged by who looks: the second of these, and a ticket.
    const isFree = (entry === 'undecided' && i === 1) || (entry === 'attest' && i === 1)
    const isOptional = entry === 'parseEvidence' && i > 0
    return isFree || isOptional
      ? missing
      : [{ entry, call, what: `${i}`, name: '', given: without(undefined) }, ...missing]
  }),
)

describe('what is left out is refused, and named', () => {
  it('for every entry point, and every member', () => {
    expect(omissions.length).toBeGreaterThan(100)
  })

  it.each(omissions.map((one) => [one.entry, one.what, one] as const))(
    '%s without %s',
    async (_, __, one) => {
      const error = await outcome(() => one.call(...one.given))
      expect(error).toMatchObject({
        name: 'VouchError',
        code: 'USAGE',
        rule: expect.stringContaining('is missing'),
      })
      expect(error.rule).toContain(one.name)
    },
  )

  it.each(Object.entries(ENTRIES))('%s takes what has all of it', async (_, [call, ...given]) => {
    const error = await outcome(() => call(...given))
    expect(String(error?.rule)).not.toMatch(/ is (missing|not known)|; it must be /)
  })
})

describe('what is spelled in another way is refused, and skips no check', () => {
  const judged = (...given: Anything[]) => outcome(() => (appraise as Anything)(evidence, ...given))

  it('REPORT_DATA in the place of what is expected', async () => {
    expect(await judged(policy, 1, bytes)).toMatchObject({
      code: 'USAGE',
      rule: expect.stringContaining('is bytes'),
    })
  })

  it.each<{ readonly expected: Anything }>([
    { expected: { nonce: undefined } },
    { expected: { nonce: 'ab' } },
    { expected: { nonce: null, reportData: bytes } },
    { expected: { Nonce: bytes } },
    { expected: { nonce: null, constructor: 1 } },
  ])('a nonce that is lost, is no bytes, or has another name: %j', async ({ expected }) => {
    expect(await judged(policy, 1, expected)).toMatchObject({ code: 'USAGE' })
    expect(await outcome(() => (inspect as Anything)(evidence, expected))).toMatchObject({ code: 'USAGE' })
  })

  it.each([undefined, Number.NaN, -1, 1.5, '1', new Date(), MAX_TIME + 1])(
    'a time that is none: %s',
    async (at) => {
      expect(await judged(policy, at, { nonce: null })).toMatchObject({ code: 'USAGE' })
      expect(
        await outcome(() => verify(object as Anything, { ...judging, request: object, now: at } as Anything)),
      ).toMatchObject({
        code: 'USAGE',
      })
    },
  )

  it('a policy as JSON has it, whose pins have other names', async () => {
    const { collateral: _, ...others } = policy
    const json = { ...others, collateral: { revocation: 'when_given', max_age: 1, grace: 1 } }
    expect(await judged(json, 1, { nonce: null })).toMatchObject({
      code: 'USAGE',
      rule: expect.stringContaining('maxAge'),
    })
  })

  it('a pin under another name', async () => {
    const parameters = { source: object, mirror: object, expected: { registryID: bytes } }
    expect(await outcome(() => syncRegistry(parameters as Anything))).toMatchObject({
      code: 'USAGE',
      rule: expect.stringContaining('registryID is not known; known are registryId, signer'),
    })
  })

  it('and no value is repeated: it may be a secret', async () => {
    const error = await outcome(() => openChallenges({ key: 'secret-key', seen: object } as Anything))
    expect(error).toMatchObject({ code: 'USAGE', rule: expect.stringContaining('key is a string') })
    expect(String(error)).not.toContain('secret')
  })
})
