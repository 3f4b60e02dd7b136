import {
  admissionPolicyCodec,
  admissionPolicyId,
  admitsSimulated,
  kindsOf,
  parseAdmissionPolicy,
  printAdmissionPolicy,
  SNP_ANCHORS,
} from '@vouch/evidence'
import { type ErrorCode, fieldFromHash, isSimulated, MAX_FILE_BYTES, plain, toHex } from '@vouch/protocol'
import { decode, encode } from '@vouch/protocol/codec'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { genuineJson, genuinePolicy } from '../testing/genuine.js'
import { pinsJson, policyJson, policyOf } from '../testing/simulated.js'

const genuine = genuineJson(['ab'.repeat(48), 'cd'.repeat(48)])
const snp = genuine.evidence['sev-snp']
const withPins = (pins: object) => ({ ...genuine, evidence: { 'sev-snp': { ...snp, ...pins } } })
const codeOf = (json: unknown): ErrorCode => refusalOf(() => policyOf(json)).code

describe('the id of an admission policy', () => {
  test('is the hash of its canonical JSON, whatever order it was written in', () => {
    const policy = policyOf(genuine)
    const shuffled = withPins({
      measurements: snp.measurements.toReversed(),
      roots: snp.roots.toReversed(),
    })
    expect(admissionPolicyId(policyOf(shuffled))).toBe(admissionPolicyId(policy))
    const text = printAdmissionPolicy(policy)
    expect(printAdmissionPolicy(parseAdmissionPolicy(text))).toBe(text)
    expect(admissionPolicyId(policy)).toBe(fieldFromHash('vouch-policy-v1', new TextEncoder().encode(text)))
  })

  test('changes with every member', () => {
    const ids = [
      genuine,
      { ...genuine, name: 'another' },
      { ...genuine, os_images: ['06'.repeat(32)] },
      { ...genuine, quota: 'none' },
      { ...genuine, quota: 2 },
      { ...genuine, ttl: 3600 },
      { ...genuine, collateral: { ...genuine.collateral, max_age: 1 } },
      { ...genuine, collateral: { ...genuine.collateral, revocation: 'required' } },
      { ...genuine, collateral: { ...genuine.collateral, grace: 0 } },
      withPins({ measurements: ['ab'.repeat(48)] }),
      withPins({ vmpl: [0, 1] }),
      withPins({ guest_policy: { debug: false, migration: false, smt: false } }),
      withPins({ tcb: { ...snp.tcb, turin: { ...snp.tcb.turin, fmc: 2 } } }),
    ].map((json) => admissionPolicyId(policyOf(json)))
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('of a simulated policy has its own domain, and shows it', () => {
    const policy = policyOf(policyJson)
    expect(admitsSimulated(policy)).toBe(true)
    expect(kindsOf(policy)).toEqual(['simulated-snp'])
    expect(isSimulated(admissionPolicyId(policy))).toBe(true)
    expect(isSimulated(admissionPolicyId(genuinePolicy(['ab'.repeat(48)])))).toBe(false)
  })
})

describe('a policy that would hold nothing off does not load', () => {
  const simulated = { 'simulated-snp': pinsJson }
  const milan = toHex(SNP_ANCHORS.find(({ generation }) => generation === 'milan')?.spki ?? new Uint8Array())
  const { debug: _, ...pinsWithoutDebug } = snp.guest_policy
  const { fmc: __, ...turinWithoutFmc } = snp.tcb.turin
  test.each<[string, ErrorCode, unknown]>([
    [
      'simulated beside genuine',
      'POLICY_UNSOUND',
      { ...genuine, evidence: { ...genuine.evidence, ...simulated } },
    ],
    ['a root that nobody pinned', 'POLICY_UNSOUND', withPins({ roots: ['00'.repeat(32)] })],
    [
      'the simulated root for genuine evidence',
      'POLICY_UNSOUND',
      withPins({ roots: [...snp.roots, ...pinsJson.roots] }),
    ],
    ['a root without a lowest TCB', 'POLICY_UNSOUND', withPins({ tcb: { milan: snp.tcb.milan } })],
    ['a lowest TCB without its root', 'POLICY_UNSOUND', withPins({ roots: [milan] })],
    [
      'a quota over keys that name no machine',
      'POLICY_UNSOUND',
      withPins({ endorsements: ['vcek', 'vlek'] }),
    ],
    ['no evidence', 'VALUE_OUT_OF_RANGE', { ...genuine, evidence: {} }],
    ['a kind that is not known', 'MEMBER_UNKNOWN', { ...genuine, evidence: { abacus: snp } }],
    ['no roots', 'TOO_LARGE', withPins({ roots: [] })],
    ['no measurements', 'TOO_LARGE', withPins({ measurements: [] })],
    ['a measurement twice', 'NOT_ASCENDING', withPins({ measurements: ['ab'.repeat(48), 'ab'.repeat(48)] })],
    ['firmware pinned without what it boots', 'VALUE_OUT_OF_RANGE', withPins({ boot: 'firmware' })],
    ['nothing said of what boots', 'MEMBER_MISSING', withPins({ boot: undefined })],
    ['no VMPL', 'TOO_LARGE', withPins({ vmpl: [] })],
    ['VMPL 4', 'VALUE_OUT_OF_RANGE', withPins({ vmpl: [4] })],
    ['nothing said of debug', 'MEMBER_MISSING', withPins({ guest_policy: pinsWithoutDebug })],
    ['no lowest TCB', 'VALUE_OUT_OF_RANGE', withPins({ tcb: {} })],
    [
      'a TCB of Turin without FMC',
      'MEMBER_MISSING',
      withPins({ tcb: { ...snp.tcb, turin: turinWithoutFmc } }),
    ],
    ['a TCB of Milan with FMC', 'MEMBER_UNKNOWN', withPins({ tcb: { ...snp.tcb, milan: snp.tcb.turin } })],
    ['no OS image', 'TOO_LARGE', { ...genuine, os_images: [] }],
    ['no quota', 'MEMBER_MISSING', { ...genuine, quota: undefined }],
    ['a quota of none, but in a number', 'VALUE_OUT_OF_RANGE', { ...genuine, quota: 0 }],
    ['a quota in other words', 'VALUE_MALFORMED', { ...genuine, quota: 'unlimited' }],
    ['a ttl of over seven days', 'VALUE_OUT_OF_RANGE', { ...genuine, ttl: 604_801 }],
    ['a ttl of under an hour', 'VALUE_OUT_OF_RANGE', { ...genuine, ttl: 3599 }],
    ['a version to come', 'VERSION_UNKNOWN', { ...genuine, version: 2 }],
    ['a name that writes on terminals', 'VALUE_MALFORMED', { ...genuine, name: 'a\u001b[2J' }],
    ['a member of its own', 'MEMBER_UNKNOWN', { ...genuine, allow_all: true }],
  ])('%s: %s', (_, code, json) => {
    expect(codeOf(json)).toBe(code)
  })

  test('nor is its id given when it was put together by hand', () => {
    const policy = policyOf(genuine)
    const evidence = { ...policy.evidence, ...policyOf(policyJson).evidence }
    expect(refusalOf(() => admissionPolicyId({ ...policy, evidence })).code).toBe('POLICY_UNSOUND')
  })

  test('a VLEK may be accepted where there is no quota to count', () => {
    const json = { ...withPins({ endorsements: ['vlek', 'vcek'] }), quota: 'none' }
    expect(policyOf(json).evidence['sev-snp']?.endorsements).toEqual(['vcek', 'vlek'])
  })

  test('a file that is too large is not read', () => {
    expect(refusalOf(() => parseAdmissionPolicy(' '.repeat(MAX_FILE_BYTES + 1))).code).toBe('TOO_LARGE')
  })
})

describe('the other forms of a policy', () => {
  test.each([genuine, policyJson, { ...genuine, quota: 'none' }])('bytes hold all of it', (json) => {
    const policy = policyOf(json)
    const bytes = encode(admissionPolicyCodec, policy, 'policy')
    expect(decode(admissionPolicyCodec, bytes, 'policy')).toEqual(policy)
  })

  test('bytes that skip about in its kinds are refused', () => {
    const bytes = encode(admissionPolicyCodec, policyOf(genuine), 'policy')
    const kind = 1 + 2 + genuine.name.length
    expect(bytes[kind]).toBe(1)
    expect(refusalOf(() => decode(admissionPolicyCodec, bytes.with(kind, 200), 'policy')).code).toBe(
      'NOT_ASCENDING',
    )
    expect(refusalOf(() => decode(admissionPolicyCodec, bytes.with(kind, 0), 'policy')).code).toBe(
      'VALUE_OUT_OF_RANGE',
    )
  })

  test('its schema takes what is read, and sees what is malformed', () => {
    const isValid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
      plain(admissionPolicyCodec.schema) as object,
    )
    for (const json of [genuine, policyJson, { ...genuine, quota: 'none' }]) expect(isValid(json)).toBe(true)
    for (const json of [
      { ...genuine, quota: 'many' },
      { ...genuine, evidence: {} },
      withPins({ boot: 'firmware' }),
    ])
      expect(isValid(json)).toBe(false)
  })
})
