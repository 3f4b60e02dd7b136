import {
  appraise,
  authenticate,
  type EvidenceFile,
  inspect,
  type KindName,
  parseEvidence,
  type TdReport,
} from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { refusalOf } from '@vouch/protocol/testing/refusal'
import { describe, expect, test } from 'vitest'
import { worstOf } from '../../src/vendors/dcap/tcb.js'
import {
  enclave,
  guest,
  guest15,
  quoteEnclave,
  quoteGuest,
  sgxPinsJson,
  tdxPinsJson,
} from '../../testing/intel.js'
import { NOW, policyFor, policyOf } from '../../testing/simulated.js'

async function authentic(files: readonly EvidenceFile[]) {
  const { authentic, failures } = await authenticate((await parseEvidence(files)).evidence, NOW)
  if (authentic === undefined) throw new Error(`it must be authentic: ${failures.map(({ code }) => code)}`)
  return authentic
}

const judged = async (kind: KindName, pins: unknown, files: readonly EvidenceFile[]) =>
  appraise(await authentic(files), policyOf(policyFor(kind, pins)), NOW, { nonce: null }).failures.map(
    ({ code, field }) => [code, field],
  )
const tdx = (changes: object, files: readonly EvidenceFile[]) =>
  judged('simulated-tdx', { ...tdxPinsJson, ...changes }, files)
const sgx = (changes: object, files: readonly EvidenceFile[]) =>
  judged('simulated-sgx', { ...sgxPinsJson, ...changes }, files)

describe('a policy for guests of TDX', () => {
  test('accepts what it pins', async () => {
    expect(await tdx({}, await quoteGuest())).toEqual([])
    expect(await tdx({}, await quoteGuest({ quote: { version: 5, report: guest15 } }))).toEqual([])
  })

  test.each<[string, string, Partial<TdReport>]>([
    ['MEASUREMENT_NOT_ACCEPTED', 'measurements', { mrTd: new Uint8Array(48) }],
    [
      'MEASUREMENT_NOT_ACCEPTED',
      'measurements',
      { rtmrs: [guest.mrTd, guest.rtmrs[1], guest.rtmrs[2], guest.rtmrs[3]] },
    ],
    [
      'MEASUREMENT_NOT_ACCEPTED',
      'measurements',
      { rtmrs: [guest.rtmrs[0], guest.mrTd, guest.rtmrs[2], guest.rtmrs[3]] },
    ],
    [
      'MEASUREMENT_NOT_ACCEPTED',
      'measurements',
      { rtmrs: [guest.rtmrs[0], guest.rtmrs[1], guest.mrTd, guest.rtmrs[3]] },
    ],
    ['DEBUG_NOT_ACCEPTED', 'td_attributes.debug', { tdAttributes: Uint8Array.of(1, 0, 0, 0x10, 0, 0, 0, 0) }],
    [
      'DEBUG_NOT_ACCEPTED',
      'td_attributes.debug',
      { tdAttributes: Uint8Array.of(0x80, 0, 0, 0x10, 0, 0, 0, 0) },
    ],
    [
      'GUEST_POLICY_NOT_ACCEPTED',
      'td_attributes.migratable',
      { tdAttributes: Uint8Array.of(0, 0, 0, 0x30, 0, 0, 0, 0) },
    ],
    [
      'GUEST_POLICY_NOT_ACCEPTED',
      'td_attributes.perfmon',
      { tdAttributes: Uint8Array.of(0, 0, 0, 0x10, 0, 0, 0, 0x80) },
    ],
    ['GUEST_POLICY_NOT_ACCEPTED', 'td_attributes.sept_ve', { tdAttributes: new Uint8Array(8) }],
    [
      'GUEST_POLICY_NOT_ACCEPTED',
      'td_attributes',
      { tdAttributes: Uint8Array.of(0, 1, 0, 0x10, 0, 0, 0, 0) },
    ],
  ])('%s for %s, and for nothing else', async (code, field, changes) => {
    expect(await tdx({}, await quoteGuest({ guest: changes }))).toEqual([[code, field]])
  })

  test('leaves RTMR3 to the guest', async () => {
    const [rtmr0, rtmr1, rtmr2] = guest.rtmrs
    expect(await tdx({}, await quoteGuest({ guest: { rtmrs: [rtmr0, rtmr1, rtmr2, rtmr0] } }))).toEqual([])
  })

  test('does not make a third image of two', async () => {
    const [image] = tdxPinsJson.measurements
    const other = {
      mrtd: '11'.repeat(48),
      rtmr0: '22'.repeat(48),
      rtmr1: '33'.repeat(48),
      rtmr2: '44'.repeat(48),
    }
    const mixed = { ...other, mrtd: image?.mrtd }
    expect(await tdx({ measurements: [other, image] }, await quoteGuest())).toEqual([])
    const rest = { ...image, mrtd: other.mrtd }
    expect(await tdx({ measurements: [mixed, rest] }, await quoteGuest())).toEqual([
      ['MEASUREMENT_NOT_ACCEPTED', 'measurements'],
    ])
  })

  test('allows what it says it allows', async () => {
    const tdAttributes = Uint8Array.of(1, 0, 0, 0x20, 0, 0, 0, 0x80)
    const td_attributes = { debug: true, migratable: true, perfmon: true, sept_ve: true }
    expect(await tdx({ td_attributes }, await quoteGuest({ guest: { tdAttributes } }))).toEqual([])
  })

  test('has no guest at the service of another unless it may be migrated', async () => {
    const current = { teeTcbSvn2: guest.teeTcbSvn, mrServiceTd: new Uint8Array(48).fill(1) }
    const files = await quoteGuest({ quote: { version: 5, report: { ...guest15, current } } })
    expect(await tdx({}, files)).toEqual([['GUEST_POLICY_NOT_ACCEPTED', 'td_attributes.migratable']])
    expect(await tdx({ td_attributes: { ...tdxPinsJson.td_attributes, migratable: true } }, files)).toEqual(
      [],
    )
  })

  test('has something behind the quote refused', async () => {
    const files = await quoteGuest({ quote: { fields: { behind: Uint8Array.of(0, 1) } } })
    expect(await tdx({}, files)).toEqual([['EVIDENCE_TRAILING', 'trailing']])
  })

  test('wants statuses and an evaluation', async () => {
    const old = await quoteGuest({ guest: { teeTcbSvn: Uint8Array.of(3, 1, 3, ...new Uint8Array(13)) } })
    expect(await tdx({}, old)).toEqual([['TCB_STATUS_NOT_ACCEPTED', 'tcb.statuses']])
    expect(await tdx({ tcb: { statuses: ['OutOfDate'], min_evaluation: 20 } }, old)).toEqual([])
    expect(await tdx({ tcb: { ...tdxPinsJson.tcb, min_evaluation: 21 } }, await quoteGuest())).toEqual([
      ['TCB_EVALUATION_TOO_OLD', 'tcb.min_evaluation'],
    ])
    // The older of TCB info and identity counts.
    const identity = { tcbEvaluationDataNumber: 19 }
    expect(await tdx({}, await quoteGuest({ collateral: { identity } }))).toEqual([
      ['TCB_EVALUATION_TOO_OLD', 'tcb.min_evaluation'],
    ])
  })

  test('wants collateral as recent as it says, but for the list that is renewed once a year', async () => {
    const issued = NOW - 8 * 86_400
    const files = await quoteGuest({ collateral: { issued } })
    expect(await tdx({}, files)).toEqual([['COLLATERAL_TOO_OLD', 'collateral.max_age']])
    const fresh = await quoteGuest()
    const rootList = files.filter(({ name }) => name === 'root.crl')
    expect(await tdx({}, [...fresh.filter(({ name }) => name !== 'root.crl'), ...rootList])).toEqual([])
  })
})

describe('a policy for enclaves of SGX', () => {
  const signer = { mrsigner: toHex(enclave.mrSigner), isv_prod_id: 1, isv_svn: 1 }

  test('accepts what it pins, by measurement or by signer', async () => {
    expect(await sgx({}, await quoteEnclave())).toEqual([])
    expect(await sgx({ enclaves: { signers: [signer] } }, await quoteEnclave())).toEqual([])
    expect(
      await sgx({ enclaves: { signers: [signer] } }, await quoteEnclave({ enclave: { isvSvn: 2 } })),
    ).toEqual([])
    expect(
      await sgx({ enclaves: { mrenclaves: ['00'.repeat(32)], signers: [signer] } }, await quoteEnclave()),
    ).toEqual([])
  })

  test.each([
    ['another measurement', {}, { mrEnclave: new Uint8Array(32) }],
    ['another signer', { enclaves: { signers: [signer] } }, { mrSigner: new Uint8Array(32) }],
    ['another product', { enclaves: { signers: [signer] } }, { isvProdId: 2 }],
    ['a lower SVN', { enclaves: { signers: [signer] } }, { isvSvn: 0 }],
  ])('refuses %s', async (_, pins, changes) => {
    expect(await sgx(pins, await quoteEnclave({ enclave: changes }))).toEqual([
      ['MEASUREMENT_NOT_ACCEPTED', 'enclaves'],
    ])
  })

  test('has no debugger unless it says so', async () => {
    const attributes = Uint8Array.of(0x07, ...new Uint8Array(7), 0x03, ...new Uint8Array(7))
    const files = await quoteEnclave({ enclave: { attributes } })
    expect(await sgx({}, files)).toEqual([['DEBUG_NOT_ACCEPTED', 'attributes.debug']])
    expect(await sgx({ attributes: { debug: true } }, files)).toEqual([])
  })
})

describe('whatever the policy', () => {
  test('genuine roots and simulated ones are of different kinds', async () => {
    expect(await judged('simulated-sgx', sgxPinsJson, await quoteGuest())).toEqual([
      ['SIMULATED_NOT_ACCEPTED', 'kind'],
    ])
    expect(refusalOf(() => policyOf(policyFor('tdx', tdxPinsJson))).code).toBe('POLICY_UNSOUND')
    const both = { ...policyFor('simulated-tdx', tdxPinsJson).evidence, 'simulated-sgx': sgxPinsJson }
    expect(
      refusalOf(() => policyOf({ ...policyFor('simulated-tdx', tdxPinsJson), evidence: both })).code,
    ).toBe('POLICY_UNSOUND')
  })

  test('none at all refuses simulated evidence, debuggers and old platforms', async () => {
    const codes = async (files: readonly EvidenceFile[]) =>
      inspect(await authentic(files), { nonce: null }).failures.map(({ code }) => code)
    const tdAttributes = Uint8Array.of(1, 0, 0, 0x10, 0, 0, 0, 0)
    const teeTcbSvn = Uint8Array.of(3, 1, 3, ...new Uint8Array(13))
    expect(await codes(await quoteGuest())).toEqual(['SIMULATED_NOT_ACCEPTED'])
    expect(await codes(await quoteEnclave())).toEqual(['SIMULATED_NOT_ACCEPTED'])
    expect(await codes(await quoteGuest({ guest: { tdAttributes } }))).toContain('DEBUG_NOT_ACCEPTED')
    expect(await codes(await quoteGuest({ guest: { teeTcbSvn } }))).toContain('TCB_STATUS_NOT_ACCEPTED')
  })

  test.each([
    ['Revoked cannot be accepted', { statuses: ['Revoked'], min_evaluation: 0 }, 'VALUE_OUT_OF_RANGE'],
    ['some status must be', { statuses: [], min_evaluation: 0 }, 'TOO_LARGE'],
    ['an evaluation must be named', { statuses: ['UpToDate'] }, 'MEMBER_MISSING'],
  ])('%s', (_, tcb, code) => {
    expect(refusalOf(() => policyOf(policyFor('simulated-tdx', { ...tdxPinsJson, tcb }))).code).toBe(code)
  })

  test.each([
    ['measurements', 'TOO_LARGE', { measurements: [] }],
    ['attributes', 'MEMBER_MISSING', { td_attributes: { debug: false } }],
  ])('a guest is pinned by all of its %s', (_, code, changes) => {
    const policy = policyFor('simulated-tdx', { ...tdxPinsJson, ...changes })
    expect(refusalOf(() => policyOf(policy)).code).toBe(code)
  })

  test('an enclave is pinned by something', () => {
    const policy = policyFor('simulated-sgx', { ...sgxPinsJson, enclaves: {} })
    expect(refusalOf(() => policyOf(policy)).code).toBe('VALUE_OUT_OF_RANGE')
  })
})

test.each([
  ['UpToDate', 'UpToDate', 'UpToDate'],
  ['UpToDate', 'SWHardeningNeeded', 'SWHardeningNeeded'],
  ['ConfigurationNeeded', 'SWHardeningNeeded', 'ConfigurationAndSWHardeningNeeded'],
  ['ConfigurationNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded'],
  ['ConfigurationAndSWHardeningNeeded', 'OutOfDate', 'OutOfDateConfigurationNeeded'],
  ['SWHardeningNeeded', 'OutOfDate', 'OutOfDate'],
  ['OutOfDateConfigurationNeeded', 'Revoked', 'Revoked'],
  ['Revoked', 'NotSupported', 'NotSupported'],
] as const)('of %s and %s comes %s', (a, b, worst) => {
  expect([worstOf([a, b]), worstOf([b, a])]).toEqual([worst, worst])
})
