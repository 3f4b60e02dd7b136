import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import { clock } from '@vouch/host/node'
import {
  type EnrollmentFile,
  type ErrorCode,
  type Failure,
  type NonceTicket,
  nonceOf,
  printEnrollment,
  VouchError,
} from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { type AdmissionParameters, admit } from '../src/admission.js'
import { type EvidenceParameters, judgeEvidence } from '../src/evidence.js'
import type { Member } from '../src/member.js'
import type { NewMember } from '../src/store.js'
import { type Lies, newClient, osImageHash, testPolicy } from '../testing/enrolling.js'

// Every condition of admission, one at a time. Store, nonces and proofs answer what they are told to; evidence is judged as always.

const now = clock()
const policy = testPolicy()
const registryId = new Uint8Array(32).fill(1)
const otherImage = new Uint8Array(32)
const backend = { verify: async () => true } as unknown as Parameters<typeof newClient>[0]

const ticketFor = (credential: bigint): NonceTicket => ({
  version: 1,
  registryId,
  credential,
  random: new Uint8Array(32).fill(2),
})

interface Story {
  readonly policy?: AdmissionPolicy
  readonly lies?: Lies
  readonly given?: Partial<AdmissionParameters>
  readonly registry?: Partial<AdmissionParameters['registry']>
}

/** Enrolls a client of a policy with all that is told; and lists who was recorded. */
async function enrolling({ policy: own = policy, lies, given, registry }: Story = {}) {
  const recorded: NewMember[] = []
  const client = newClient(backend, own)
  const enrollment = await client.enroll(ticketFor(client.credential), { unproven: true, ...lies })
  const admission = await admit(fileOf(enrollment), {
    registryId,
    checkNonce: () => undefined,
    policies: new Map([[admissionPolicyId(own), own]]),
    collateral: async () => [],
    registry: {
      admit: async (member) => {
        recorded.push(member)
        return { number: 3, leaf: 5n }
      },
      find: async () => undefined,
      isRefused: async () => false,
      ...registry,
    },
    backend,
    now,
    ...given,
  })
  const codes: readonly ErrorCode[] = admission.admitted ? [] : admission.failures.map(({ code }) => code)
  return { admission, codes, recorded, enrollment }
}

const fileOf = (enrollment: EnrollmentFile): Uint8Array =>
  new TextEncoder().encode(printEnrollment(enrollment))
const known = (nonce: Uint8Array): Partial<AdmissionParameters['registry']> => ({
  find: async () => ({ nonce }) as Member,
})

describe('an enrollment', () => {
  test('is recorded with its nonce, its machine and the quota of its policy', async () => {
    const { admission, recorded, enrollment } = await enrolling()
    expect(admission).toMatchObject({ admitted: true, number: 3 })
    expect(recorded).toMatchObject([
      { nonce: nonceOf(enrollment.ticket), quota: 2, policyId: enrollment.policyId },
    ])
    expect(recorded[0]?.machine).toBeInstanceOf(Uint8Array)
  })

  test('tells how long each of its steps took, in their order', async () => {
    const steps: (readonly [string, number])[] = []
    const start = performance.now()
    await enrolling({ given: { onStep: (step, seconds) => steps.push([step, seconds]) } })
    const whole = (performance.now() - start) / 1000
    expect(steps.map(([step]) => step)).toEqual(['nonce', 'evidence', 'proof', 'record'])
    const sum = steps.reduce((all, [, seconds]) => all + seconds, 0)
    expect(sum).toBeGreaterThan(0)
    expect(sum).toBeLessThanOrEqual(whole)
  })

  test('under a policy without a quota is recorded without one', async () => {
    const { recorded } = await enrolling({ policy: testPolicy({ quota: 'none' }) })
    expect(recorded).toHaveLength(1)
    expect(recorded[0]?.quota).toBeUndefined()
  })

  test('of a machine without an identity is not held against those that were removed', async () => {
    const snp = policy.evidence['simulated-snp']
    if (snp === undefined) throw new Error('the policy admits simulated machines')
    const { codes, recorded } = await enrolling({
      policy: testPolicy({
        quota: 'none',
        evidence: { 'simulated-snp': { ...snp, endorsements: ['vlek'] } },
      }),
      lies: { machine: { certificate: { type: 'vlek' } }, report: { fields: { keyInfo: 1 << 2 } } },
      registry: { isRefused: async () => true },
    })
    expect(codes).toEqual([])
    expect(recorded).toHaveLength(1)
    expect(recorded[0]?.machine).toBeUndefined()
  })

  test('may have any of the images that its policy accepts', async () => {
    const { codes } = await enrolling({ policy: testPolicy({ osImages: [otherImage, osImageHash] }) })
    expect(codes).toEqual([])
  })

  test('that binds something else is false, whatever else is in the way: all of it is said', async () => {
    const report = { reportData: new Uint8Array(64), debug: true } as never
    const { codes } = await enrolling({ lies: { report, fields: { osImageHash: otherImage } } })
    expect(codes).toEqual(['REPORT_DATA_MISMATCH', 'DEBUG_NOT_ACCEPTED', 'IMAGE_NOT_ACCEPTED'])
  })

  test.each<readonly [string, Story, ErrorCode]>([
    ['a policy that is not in force', { given: { policies: new Map() } }, 'POLICY_NOT_ACCEPTED'],
    [
      'a nonce that was not given here',
      { given: { checkNonce: () => Promise.reject(new VouchError('NONCE_EXPIRED', { rule: 'too old' })) } },
      'NONCE_EXPIRED',
    ],
    [
      'a credential that is known by this nonce',
      { registry: known(nonceOf(ticketFor(0n))) },
      'CREDENTIAL_REFUSED',
    ],
    ['another image', { lies: { fields: { osImageHash: otherImage } } }, 'IMAGE_NOT_ACCEPTED'],
    [
      'evidence that binds something else',
      { lies: { report: { reportData: new Uint8Array(64) } as never } },
      'REPORT_DATA_MISMATCH',
    ],
    ['a debugger', { lies: { report: { debug: true } } }, 'DEBUG_NOT_ACCEPTED'],
    ['other REPORT_DATA', { lies: { fields: { reportData: new Uint8Array(64) } } }, 'REPORT_DATA_MISMATCH'],
    ['a machine that was removed', { registry: { isRefused: async () => true } }, 'MACHINE_REFUSED'],
    ['a proof that is false', { given: { backend: { verify: async () => false } } }, 'PROOF_FALSE'],
    [
      'no room',
      { registry: { admit: () => Promise.reject(new VouchError('QUOTA_EXCEEDED', { rule: 'full' })) } },
      'QUOTA_EXCEEDED',
    ],
  ])('is refused for %s', async (_, story, code) => {
    const { codes, recorded, admission } = await enrolling(story)
    expect(codes).toEqual([code])
    expect(admission.admitted).toBe(false)
    expect(recorded).toEqual([])
  })

  test('is told a used nonce from a used credential', async () => {
    const client = newClient(backend, policy)
    const ticket = ticketFor(client.credential)
    const enrollment = await client.enroll(ticket, { unproven: true })
    const judged = async (nonce: Uint8Array) => {
      const stubs = { admit: () => Promise.reject(new Error('recorded')), isRefused: async () => false }
      const admission = await admit(fileOf(enrollment), {
        registryId,
        checkNonce: () => undefined,
        policies: new Map([[admissionPolicyId(policy), policy]]),
        collateral: async () => [],
        registry: { ...stubs, find: known(nonce).find ?? (async () => undefined) },
        backend,
        now,
      })
      return admission.admitted ? [] : admission.failures.map(({ code }) => code)
    }
    expect(await judged(nonceOf(ticket))).toEqual(['NONCE_USED'])
    expect(await judged(new Uint8Array(32))).toEqual(['CREDENTIAL_REFUSED'])
  })

  test('is judged by another than the registrar without what is for the registrar to see to', async () => {
    const client = newClient(backend, policy)
    const ticket = ticketFor(client.credential)
    const lies: Lies = { unproven: true, report: { debug: true }, fields: { osImageHash: otherImage } }
    const bound = { ...(await client.enroll(ticket, lies)), nonce: nonceOf(ticket) }
    const isForAnother = ({ code }: Failure): boolean => code === 'DEBUG_NOT_ACCEPTED'
    const codes = async (given: Partial<EvidenceParameters>) => {
      const judged = await judgeEvidence(bound, { policy, now, ...given })
      return 'failures' in judged ? judged.failures.map(({ code }) => code) : []
    }
    expect(await codes({})).toContain('DEBUG_NOT_ACCEPTED')
    expect(await codes({ isForAnother })).toEqual(
      (await codes({})).filter((code) => code !== 'DEBUG_NOT_ACCEPTED'),
    )
  })

  test('is not refused for a bug: that is thrown', async () => {
    const failing = { verify: () => Promise.reject(new TypeError('a bug')) }
    await expect(enrolling({ given: { backend: failing } })).rejects.toThrow('a bug')
  })
})
