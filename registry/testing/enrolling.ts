import { randomBytes } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, CIRCUITS } from '@vouch/circuits'
import { type AdmissionPolicy, ANCHORS, admissionPolicyId, type EvidenceFile } from '@vouch/evidence'
import type { SimulatedMachine, SimulatedReport } from '@vouch/evidence/simulated'
import { clock } from '@vouch/host/node'
import {
  auxOf,
  buildServiceTree,
  credential,
  drawHolderSecret,
  type EnrollmentFile,
  evidenceInOrder,
  fieldToBytes,
  type NonceTicket,
  nonceOf,
  reportData,
  toHex,
} from '@vouch/protocol'
import { proveEnrollment } from '@vouch/prover'
import { openSimulatedVendor } from '../../fixtures/simulated-vendor/index.js'
import { makeStory } from '../../fixtures/story/story.js'
import type { Order } from '../node/orders.js'
import { makeRegistrar } from '../node/serving/make-registrar.js'

// A client of a registrar: the story's machine, under the simulated vendor, with evidence and proofs as a real one makes them.

const [north] = makeStory(1_800_000_000).machines
export const osImageHash = north.osImageHash
const smtRoot = buildServiceTree(north.holding.services).root
export const measurement = new Uint8Array(48).fill(0x4d)
const vendor = openSimulatedVendor()
const simulatedRoots = ANCHORS.filter(({ kind }) => kind === 'simulated-snp').map(({ spki }) => spki)

/** A chip that nobody else in a test has. */
export const newChip = (): Uint8Array => new Uint8Array(randomBytes(64))

/** A policy that admits the story's image on simulated machines. */
export function testPolicy(changes: Partial<AdmissionPolicy> = {}): AdmissionPolicy {
  return {
    version: 1,
    name: 'simulated machines of the tests',
    evidence: {
      'simulated-snp': {
        roots: simulatedRoots,
        endorsements: ['vcek'],
        boot: 'kernel_hashes',
        measurements: [measurement],
        vmpl: [0],
        guestPolicy: { debug: false, migration: false, smt: true },
        tcb: { simulated: { bootloader: 4, tee: 0, snp: 24, microcode: 220 } },
      },
    },
    osImages: [osImageHash],
    quota: 2,
    ttl: 48 * 3600,
    collateral: { revocation: 'when_given', maxAge: 30 * 86_400, grace: 3600 },
    ...changes,
  }
}

/** Makes a registry with these policies. Answers with its folder. */
export async function newRegistry(...policies: readonly AdmissionPolicy[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-registrar-'))
  const registry = join(folder, 'registry')
  await makeRegistrar(registry, { id: new Uint8Array(randomBytes(32)), policies, time: clock() })
  return registry
}

/** The operator's order to remove a credential. */
export function removal(credential: bigint, reason: string): Order {
  const subject = fieldToBytes(credential)
  return { version: 1, action: 'remove', subject, reason: new TextEncoder().encode(reason) }
}

/** What is otherwise than an honest client has it. */
export interface Lies {
  readonly machine?: Partial<SimulatedMachine>
  readonly report?: Partial<SimulatedReport>
  /** Makes the evidence, of whatever kind; without it, the simulated chip does. */
  readonly attest?: (reportData: Uint8Array) => Promise<readonly EvidenceFile[]>
  readonly evidence?: (files: readonly EvidenceFile[]) => readonly EvidenceFile[]
  /** The nonce that the evidence is made for. */
  readonly nonce?: Uint8Array
  /** Says nothing worth proving: for enrollments that are refused before their proof is looked at. */
  readonly unproven?: boolean
  readonly fields?: Partial<EnrollmentFile>
}

/** An image that no policy accepts, a TCB below every floor, and a debugger: three things that a policy says no to. */
export const THRICE_REFUSED: Lies = {
  unproven: true,
  report: { debug: true },
  machine: { tcb: { bootloader: 4, tee: 0, snp: 23, microcode: 220 } },
  fields: { osImageHash: new Uint8Array(32) },
}

/** How a registrar says so, to whomever it says it. */
export const THREE_REFUSALS = [
  {
    code: 'DEBUG_NOT_ACCEPTED',
    exit: 3,
    rule: 'the guest’s policy must allow no debug unless the admission policy does',
    field: 'guest_policy.debug',
    wanted: 'false',
    given: 'true',
  },
  {
    code: 'TCB_TOO_LOW',
    exit: 3,
    rule: 'every part of the TCB must be as high as the policy wants',
    field: 'tcb.simulated',
    wanted: 'at least bootloader 4, tee 0, snp 24, microcode 220',
    given: 'bootloader 4, tee 0, snp 23, microcode 220',
  },
  {
    code: 'IMAGE_NOT_ACCEPTED',
    exit: 3,
    rule: 'the admission policy must accept the OS image',
    field: 'os_images',
    wanted: toHex(osImageHash),
    given: '00'.repeat(32),
  },
]

export interface Client {
  readonly credential: bigint
  enroll(ticket: NonceTicket, lies?: Lies): Promise<EnrollmentFile>
}

/** A client with a secret of its own, on a chip. */
export function newClient(backend: Backend, policy: AdmissionPolicy, chipId = newChip()): Client {
  const holderSecret = drawHolderSecret((size) => new Uint8Array(randomBytes(size)))
  return {
    credential: credential(smtRoot, holderSecret),
    async enroll(ticket, lies = {}) {
      const gpuDigest = new Uint8Array(32)
      const nonce = lies.nonce ?? nonceOf(ticket)
      const bound = reportData(osImageHash, smtRoot, auxOf(gpuDigest, nonce))
      const ofChip = () =>
        vendor.attest({ chipId, ...lies.machine }, { reportData: bound, measurement, ...lies.report })
      const files = await (lies.attest?.(bound) ?? ofChip())
      const statement = { reportData: bound, osImageHash, gpuDigest, nonce, smtRoot, holderSecret, backend }
      return {
        version: 1,
        ticket,
        policyId: admissionPolicyId(policy),
        reportData: bound,
        osImageHash,
        gpuDigest,
        evidence: evidenceInOrder((lies.evidence?.(files) ?? files).map(({ bytes }) => bytes)),
        proof: lies.unproven
          ? new Uint8Array(CIRCUITS.enroll.proofBytes)
          : (await proveEnrollment(statement)).proof,
        ...lies.fields,
      }
    },
  }
}
