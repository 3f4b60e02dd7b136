import {
  type AuthenticEvidence,
  appraise,
  authenticate,
  inspect,
  parseEvidence,
  type SnpPins,
} from '@vouch/evidence'
import { describe, expect, test } from 'vitest'
import { genuinePolicy } from '../../testing/genuine.js'
import {
  attest,
  authenticated,
  NOW,
  pinsJson,
  policyJson,
  policyOf,
  report,
  vendor,
} from '../../testing/simulated.js'

type Changes = Parameters<typeof attest>[0]

async function authentic(changes: Changes = {}): Promise<AuthenticEvidence> {
  const { authentic, failures } = await authenticated(await attest(changes))
  if (authentic === undefined) throw new Error(JSON.stringify(failures))
  return authentic
}

const withPins = (pins: object) =>
  policyOf({ ...policyJson, evidence: { 'simulated-snp': { ...pinsJson, ...pins } } })
const policy = policyOf(policyJson)

describe('a policy that requires revocation lists', () => {
  const strict = policyOf({ ...policyJson, collateral: { ...policyJson.collateral, revocation: 'required' } })
  const inForce = { thisUpdate: NOW - 60, nextUpdate: NOW + 60, revoked: [] }

  test('refuses a machine that leaves out the one which might name it', async () => {
    const byIntermediate = await vendor.revoke('intermediate', inForce)
    for (const lists of [[], [byIntermediate]]) {
      const { authentic } = await authenticated([...(await attest()), ...lists])
      if (authentic === undefined) throw new Error('it must be authentic')
      const { failures } = appraise(authentic, strict, NOW, { nonce: null })
      expect(failures).toMatchObject([
        { code: 'COLLATERAL_MISSING', field: 'collateral.revocation', given: 'no list of SIMULATED-ARK' },
      ])
    }
  })

  test('takes one that comes with the list', async () => {
    const { authentic } = await authenticated([...(await attest()), await vendor.revoke('root', inForce)])
    if (authentic === undefined) throw new Error('it must be authentic')
    expect(appraise(authentic, strict, NOW, { nonce: null }).failures).toEqual([])
  })
})

describe('a policy that names the kind', () => {
  test('accepts what it pins, and hands out the claims', async () => {
    const { failures, claims, notChecked } = appraise(await authentic(), policy, NOW, { nonce: null })
    expect(failures).toEqual([])
    expect(claims).toMatchObject({ measurement: report.measurement })
    expect(notChecked).toEqual(['freshness: no nonce was given to compare REPORT_DATA with'])
  })

  test.each<[string, Changes, object]>([
    [
      'MEASUREMENT_NOT_ACCEPTED',
      { report: { measurement: new Uint8Array(48) } },
      { field: 'measurements', given: '00'.repeat(48) },
    ],
    ['VMPL_NOT_ACCEPTED', { report: { vmpl: 2 } }, { field: 'vmpl', wanted: '0', given: '2' }],
    [
      'DEBUG_NOT_ACCEPTED',
      { report: { debug: true } },
      { field: 'guest_policy.debug', wanted: 'false', given: 'true' },
    ],
    ['GUEST_POLICY_NOT_ACCEPTED', { report: { migration: true } }, { field: 'guest_policy.migration' }],
    [
      'TCB_TOO_LOW',
      { machine: { tcb: { bootloader: 4, tee: 0, snp: 24, microcode: 219 } } },
      {
        field: 'tcb.simulated',
        wanted: 'at least bootloader 4, tee 0, snp 24, microcode 220',
        given: 'bootloader 4, tee 0, snp 24, microcode 219',
      },
    ],
    [
      'ENDORSEMENT_NOT_ACCEPTED',
      { machine: { certificate: { type: 'vlek' } }, report: { fields: { keyInfo: 1 << 2 } } },
      { field: 'endorsements', wanted: 'vcek', given: 'vlek' },
    ],
  ])('says %s, the field, what was wanted and what was given', async (code, changes, details) => {
    const { failures } = appraise(await authentic(changes), policy, NOW, { nonce: null })
    expect(failures).toEqual([expect.objectContaining({ code, ...details })])
  })

  test('refuses another root, and a generation that it has no lowest TCB for', async () => {
    const pins = { ...policy.evidence['simulated-snp'] } as SnpPins
    const evidence = { 'simulated-snp': { ...pins, roots: [new Uint8Array(32)], tcb: {} } }
    const { failures } = appraise(await authentic(), { ...policy, evidence }, NOW, { nonce: null })
    expect(failures.map(({ code, field }) => [code, field])).toEqual([
      ['VENDOR_ROOT_NOT_ACCEPTED', 'roots'],
      ['GENERATION_NOT_ACCEPTED', 'tcb'],
    ])
  })

  test('refuses SMT unless it allows it', async () => {
    const strict = withPins({ guest_policy: { debug: false, migration: false, smt: false } })
    expect(
      appraise(await authentic({ report: { smt: false } }), strict, NOW, { nonce: null }).failures,
    ).toEqual([])
    const { failures } = appraise(await authentic(), strict, NOW, { nonce: null })
    expect(failures.map(({ code, field }) => [code, field])).toEqual([
      ['GUEST_POLICY_NOT_ACCEPTED', 'guest_policy.smt'],
    ])
  })

  test('lists all failures at once', async () => {
    const wrong = {
      machine: { tcb: { bootloader: 1, tee: 0, snp: 1, microcode: 1 } },
      report: { measurement: new Uint8Array(48), vmpl: 3, debug: true, migration: true },
    }
    const { failures } = appraise(await authentic(wrong), policy, NOW, { nonce: null })
    expect(failures.map(({ code }) => code)).toEqual([
      'MEASUREMENT_NOT_ACCEPTED',
      'VMPL_NOT_ACCEPTED',
      'DEBUG_NOT_ACCEPTED',
      'GUEST_POLICY_NOT_ACCEPTED',
      'TCB_TOO_LOW',
    ])
  })

  test('refuses revocation lists older than it wants', async () => {
    const aged = async (age: number) => {
      const list = await vendor.revoke('root', { thisUpdate: NOW - age, nextUpdate: NOW + 1, revoked: [] })
      const { authentic } = await authenticate(
        (await parseEvidence([...(await attest()), list])).evidence,
        NOW,
      )
      if (authentic === undefined) throw new Error('not authentic')
      return appraise(authentic, policy, NOW, { nonce: null }).failures.map(({ code }) => code)
    }
    expect(await aged(604_800)).toEqual([])
    expect(await aged(604_801)).toEqual(['COLLATERAL_TOO_OLD'])
  })

  test('compares REPORT_DATA with the nonce that was asked for', async () => {
    const evidence = await authentic()
    expect(appraise(evidence, policy, NOW, { nonce: report.reportData }).failures).toEqual([])
    const padded = await authentic({ report: { reportData: Uint8Array.of(7, ...new Uint8Array(63)) } })
    expect(appraise(padded, policy, NOW, { nonce: Uint8Array.of(7) }).failures).toEqual([])
    for (const wrong of [new Uint8Array(64), report.reportData.subarray(0, 32), new Uint8Array(65)]) {
      const { failures } = appraise(evidence, policy, NOW, { nonce: wrong })
      expect(failures.map(({ code }) => code)).toEqual(['NONCE_MISMATCH'])
    }
  })
})

describe('simulated evidence is refused', () => {
  test('by a policy that does not name it', async () => {
    const { failures } = appraise(await authentic(), genuinePolicy(['3e'.repeat(48)]), NOW, { nonce: null })
    expect(failures.map(({ code }) => code)).toEqual(['SIMULATED_NOT_ACCEPTED'])
  })

  test('where there is no policy at all', async () => {
    const { failures } = inspect(await authentic({ report: { debug: true } }), { nonce: null })
    expect(failures.map(({ code }) => code)).toEqual(['SIMULATED_NOT_ACCEPTED', 'DEBUG_NOT_ACCEPTED'])
  })
})

test('claims come out of authenticate alone: a look-alike has none', async () => {
  const { claims } = await authentic()
  const alike = { claims }
  const rule = 'claims must come from evidence that was authenticated'
  // @ts-expect-error a value of the same shape is no AuthenticEvidence
  expect(() => appraise(alike, policy, NOW, { nonce: null })).toThrow(rule)
  // @ts-expect-error nor is it for this
  expect(() => inspect(alike, { nonce: null })).toThrow(rule)
})
