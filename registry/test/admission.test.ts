import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { admissionPolicyId } from '@vouch/evidence'
import { clock } from '@vouch/host/node'
import { openFileDatabase } from '@vouch/host/sql'
import {
  type EnrollmentFile,
  type ErrorCode,
  issueNonce,
  NONCE_LIFETIME,
  type NonceTicket,
  parseBucket,
  parseEnrollment,
  printEnrollment,
} from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import type { Admission } from '../src/admission.js'
import {
  type Client,
  type Lies,
  measurement,
  newChip,
  newClient,
  newRegistry,
  osImageHash,
  removal,
  testPolicy,
} from '../testing/enrolling.js'
import { noteLines } from '../testing/notes.js'
import { strangerVendor } from '../testing/stranger.js'

// Honest and lying clients before a registrar as it runs: its store, its policies, its proving library.

const policy = testPolicy()
const brief = testPolicy({ name: 'too brief', ttl: 3600 })
const otherImage = testPolicy({ name: 'another image', osImages: [new Uint8Array(32)] })
const backend = openBackend({ kind: 'native' })

/** Half past an hour, so that no rounding depends on when the test runs. */
const start = clock() - (clock() % 3600) + 1800
let now = start
let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(policy, brief, otherImage)
  registrar = await openRegistrar(folder, { now: () => now, key: registrarFolder(folder).signerKey })
})
afterAll(async () => {
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

const file = (enrollment: EnrollmentFile): Uint8Array => new TextEncoder().encode(printEnrollment(enrollment))
const admit = (enrollment: EnrollmentFile): Promise<Admission> => registrar.admit(file(enrollment), 'test')
const codesOf = (admission: Admission): readonly ErrorCode[] =>
  admission.admitted ? [] : admission.failures.map(({ code }) => code)

/** What a refusal must leave as it is, and the private log that it must add one line to. */
async function traces() {
  const database = await openFileDatabase(join(folder, 'registry.db'), { readOnly: true })
  const counted = (table: string) => database.rows(`SELECT count(*) AS count FROM ${table}`)
  const written = [await counted('records'), await counted('evidence'), await counted('members')]
  await database.close()
  return {
    written,
    decisions: await noteLines(registrar.registry, 'decision'),
    refusals: await noteLines(registrar.registry, 'refusal'),
  }
}

/** Wants this one refusal, nothing written, and one line in the private log that says it. */
async function expectRefused(
  judged: () => Promise<Admission>,
  ...codes: readonly ErrorCode[]
): Promise<void> {
  const before = await traces()
  expect(codesOf(await judged())).toEqual(codes)
  const after = await traces()
  expect(after.written).toEqual(before.written)
  const lines = after.refusals.slice(before.refusals.length).map((line) => JSON.parse(line) as unknown)
  expect(lines).toEqual([
    { time: now, outcome: 'refused', from: 'test', codes: codes.join(','), rule: expect.any(String) },
  ])
}

describe('an honest client', () => {
  test('is admitted: as the leaf that it can compute, until a whole hour', async () => {
    const client = newClient(backend, policy)
    const admission = await admit(await client.enroll(registrar.nonce(client.credential)))
    if (!admission.admitted) throw new Error(JSON.stringify(codesOf(admission)))
    const expiresAt = now - 1800 + 48 * 3600
    expect(admission.receipt).toMatchObject({ credential: client.credential, expiresAt })
    const { seq } = await registrar.head()
    await registrar.registry.cutHead()
    expect((await registrar.head()).seq).toBe(seq + 1)
    const places = parseBucket((await registrar.registry.bucket(0, seq + 1)) ?? new Uint8Array())
    const { credential } = client
    expect(places[admission.number]).toEqual({ credential, policyId: admissionPolicyId(policy), expiresAt })
    expect((await traces()).decisions.at(-1)).toContain('"outcome":"admitted"')
  })

  test('writes a file that reads back the same', async () => {
    const client = newClient(backend, policy)
    const enrollment = await client.enroll(registrar.nonce(client.credential), { unproven: true })
    expect(parseEnrollment(printEnrollment(enrollment))).toEqual(enrollment)
  })
})

describe('a lying client is refused', () => {
  let client: Client
  let ticket: NonceTicket

  beforeAll(() => {
    client = newClient(backend, policy)
    ticket = registrar.nonce(client.credential)
  })

  const foreign = (random: number): NonceTicket =>
    issueNonce(
      { registryId: registrar.registry.id, nonceKey: new Uint8Array(32).fill(random) },
      client.credential,
      now,
      new Uint8Array(8),
    )
  const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1)
  const lastFile = (change: (bytes: Uint8Array) => Uint8Array): Lies => ({
    evidence: (files) =>
      files.map((one) => (one.name === 'root.der' ? { ...one, bytes: change(one.bytes) } : one)),
  })

  test.each<[string, () => Lies & { ticket?: NonceTicket }, ErrorCode]>([
    [
      'with a nonce for another credential',
      () => ({ ticket: { ...ticket, credential: 7n } }),
      'NONCE_UNKNOWN',
    ],
    ['with a nonce that it made up', () => ({ ticket: foreign(1) }), 'NONCE_UNKNOWN'],
    [
      'with a nonce of another registry',
      () => ({ ticket: { ...ticket, registryId: new Uint8Array(32) } }),
      'NONCE_UNKNOWN',
    ],
    [
      'with evidence for other REPORT_DATA than it states',
      () => ({ report: { reportData: new Uint8Array(64) } }),
      'REPORT_DATA_MISMATCH',
    ],
    [
      'with an image that the policy does not accept',
      () => ({ fields: { osImageHash: new Uint8Array(32) } }),
      'IMAGE_NOT_ACCEPTED',
    ],
    [
      'with its own image under a policy for another',
      () => ({ fields: { policyId: admissionPolicyId(otherImage) } }),
      'IMAGE_NOT_ACCEPTED',
    ],
    [
      'with another measurement',
      () => ({ report: { measurement: new Uint8Array(48) } }),
      'MEASUREMENT_NOT_ACCEPTED',
    ],
    [
      'with a TCB below the floor',
      () => ({ machine: { tcb: { bootloader: 4, tee: 0, snp: 23, microcode: 220 } } }),
      'TCB_TOO_LOW',
    ],
    ['with a guest that its host may debug', () => ({ report: { debug: true } }), 'DEBUG_NOT_ACCEPTED'],
    ['with a report from another VMPL', () => ({ report: { vmpl: 1 } }), 'VMPL_NOT_ACCEPTED'],
    [
      'with an expired certificate',
      () => ({ machine: { certificate: { notAfter: start - 1 } } }),
      'CERTIFICATE_EXPIRED',
    ],
    [
      "with another chip's certificate",
      () => ({ machine: { certificate: { hwId: newChip() } } }),
      'CERTIFICATE_MISMATCH',
    ],
    [
      'with a root whose signature is false',
      () => lastFile((bytes) => flipped(bytes, bytes.length - 1)),
      'CHAIN_FALSE',
    ],
    ['without evidence', () => ({ evidence: (files) => files.slice(1) }), 'EVIDENCE_MISSING'],
    ['with a GPU digest and no GPU', () => ({ fields: { gpuDigest: osImageHash } }), 'GPU_MISMATCH'],
    ['under a policy that is not in force', () => ({ fields: { policyId: 7n } }), 'POLICY_NOT_ACCEPTED'],
    ['with a proof that proves nothing', () => ({}), 'PROOF_FALSE'],
    ['with half a proof', () => ({ fields: { proof: new Uint8Array(4000) } }), 'PROOF_MALFORMED'],
  ])('%s', async (_, lie, code) => {
    const { ticket: given, ...lies } = lie()
    await expectRefused(
      async () => admit(await client.enroll(given ?? ticket, { unproven: true, ...lies })),
      code,
    )
  })

  test('with a root that nobody pinned, though all below it is sound', async () => {
    const attest = (bound: Uint8Array) =>
      strangerVendor().attest({ chipId: newChip() }, { reportData: bound, measurement })
    const admission = await admit(await client.enroll(ticket, { unproven: true, attest }))
    expect(admission).toMatchObject({
      admitted: false,
      failures: [{ code: 'CHAIN_FALSE', rule: 'the root must be one that is pinned here' }],
    })
    expect(codesOf(admission)).toHaveLength(1)
  })

  test('with everything that is wrong with its evidence said at once', async () => {
    const report = { debug: true, vmpl: 2, measurement: new Uint8Array(48) }
    const enrollment = await client.enroll(ticket, { unproven: true, report })
    const codes = codesOf(await admit(enrollment))
    expect([...codes].sort()).toEqual(['DEBUG_NOT_ACCEPTED', 'MEASUREMENT_NOT_ACCEPTED', 'VMPL_NOT_ACCEPTED'])
  })

  test('with a nonce from too long ago', async () => {
    const enrollment = await client.enroll(ticket, { unproven: true })
    now += NONCE_LIFETIME + 1
    await expectRefused(() => admit(enrollment), 'NONCE_EXPIRED')
    now = start
  })

  test('with evidence made for another nonce, though it proves what it says', async () => {
    const other = registrar.nonce(newClient(backend, policy).credential)
    const honest = await client.enroll(other)
    await expectRefused(() => admit({ ...honest, ticket }), 'PROOF_FALSE')
  })

  test('that passes on evidence and proof of another as its own', async () => {
    const victim = newClient(backend, policy)
    const overheard = await victim.enroll(registrar.nonce(victim.credential))
    await expectRefused(() => admit({ ...overheard, ticket }), 'PROOF_FALSE')
  })

  test('under a policy that leaves it less than an hour', async () => {
    const fields = { policyId: admissionPolicyId(brief) }
    const enrollment = await client.enroll(ticket, { fields })
    await expectRefused(() => admit(enrollment), 'LIFETIME_TOO_SHORT')
  })

  test.each<[string, string, ErrorCode]>([
    ['no JSON', '{', 'JSON_MALFORMED'],
    ['another version', '{"version":2}', 'VERSION_UNKNOWN'],
    ['too little', '{"version":1}', 'MEMBER_MISSING'],
  ])('who sends %s', async (_, text, code) => {
    await expectRefused(() => registrar.admit(new TextEncoder().encode(text), 'test'), code)
  })
})

describe('one machine', () => {
  const chip = newChip()
  const next = (): Client => newClient(backend, policy, chip)
  const admitted = async (client: Client): Promise<EnrollmentFile> => {
    const enrollment = await client.enroll(registrar.nonce(client.credential))
    expect(codesOf(await admit(enrollment))).toEqual([])
    return enrollment
  }

  test('is admitted once per nonce, once per credential, and twice at a time as the quota says', async () => {
    const client = next()
    const enrollment = await admitted(client)
    await expectRefused(() => admit(enrollment), 'NONCE_USED')
    const again = await client.enroll(registrar.nonce(client.credential))
    await expectRefused(() => admit(again), 'CREDENTIAL_REFUSED')

    await admitted(next())
    const third = next()
    const tooMany = await third.enroll(registrar.nonce(third.credential))
    await expectRefused(() => admit(tooMany), 'QUOTA_EXCEEDED')
  })

  test('that sends many enrollments at the same moment gets no more for it', async () => {
    const busy = newChip()
    const enrollments = []
    for (let i = 0; i < 4; i++) {
      const client = newClient(backend, policy, busy)
      enrollments.push(await client.enroll(registrar.nonce(client.credential)))
    }
    const [first] = enrollments
    if (first === undefined) throw new Error('there are four')
    const admissions = await Promise.all([...enrollments, first].map(admit))
    expect(admissions.filter(({ admitted }) => admitted)).toHaveLength(2)
  })

  test('that was banned is refused under any secret, before its proof is looked at', async () => {
    const chip = newChip()
    const [member, later] = [newClient(backend, policy, chip), newClient(backend, policy, chip)]
    expect(codesOf(await admit(await member.enroll(registrar.nonce(member.credential))))).toEqual([])
    const machine = (await registrar.registry.find(member.credential))?.machine
    if (machine === undefined) throw new Error('the evidence names its machine')
    await registrar.registry.ban(machine, 'its host was broken into')
    const again = await later.enroll(registrar.nonce(later.credential), { unproven: true })
    await expectRefused(() => admit(again), 'MACHINE_REFUSED')
  })

  test('that was removed is refused, and so is its credential', async () => {
    const client = newClient(backend, policy)
    const admission = await admit(await client.enroll(registrar.nonce(client.credential)))
    if (!admission.admitted) throw new Error('an honest client')
    await registrar.registry.cutHead()
    await registrar.carryOut(removal(client.credential, 'its host was broken into'))
    expect((await registrar.head()).previousRoot).toBe(0n)
    const again = await client.enroll(registrar.nonce(client.credential), { unproven: true })
    await expectRefused(() => admit(again), 'CREDENTIAL_REFUSED')
  })
})
