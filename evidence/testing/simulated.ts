import {
  ANCHORS,
  type Authentication,
  authenticate,
  type EvidenceFile,
  type KindName,
  parseAdmissionPolicy,
  parseEvidence,
} from '@vouch/evidence'
import type { SimulatedMachine, SimulatedReport } from '@vouch/evidence/simulated'
import { toHex } from '@vouch/protocol'
import { openSimulatedVendor } from '../../fixtures/simulated-vendor/index.js'

/** When these tests play. */
export const NOW = 1_800_000_000

export const vendor = openSimulatedVendor()
export const machine: SimulatedMachine = { chipId: new Uint8Array(64).fill(0xc1) }
export const report: SimulatedReport = {
  reportData: Uint8Array.from({ length: 64 }, (_, i) => i),
  measurement: new Uint8Array(48).fill(0x3e),
}

/** Simulated evidence, with what is asked for changed. */
export function attest(
  changes: { machine?: Partial<SimulatedMachine>; report?: Partial<SimulatedReport> } = {},
): Promise<readonly EvidenceFile[]> {
  return vendor.attest({ ...machine, ...changes.machine }, { ...report, ...changes.report })
}

export async function authenticated(files: readonly EvidenceFile[], at = NOW): Promise<Authentication> {
  const { evidence } = await parseEvidence(files)
  return authenticate(evidence, at)
}

/** The codes of what failed. */
export async function codesOf(files: readonly EvidenceFile[], at = NOW): Promise<readonly string[]> {
  const { failures } = await authenticated(files, at)
  return failures.map(({ code }) => code)
}

/** The roots that are pinned for a kind, as a policy names them. */
export const rootsOf = (kind: KindName): string[] =>
  ANCHORS.filter((anchor) => anchor.kind === kind).map(({ spki }) => toHex(spki))

export const pinsJson = {
  roots: rootsOf('simulated-snp'),
  endorsements: ['vcek'],
  boot: 'kernel_hashes',
  measurements: [toHex(report.measurement)],
  vmpl: [0],
  guest_policy: { debug: false, migration: false, smt: true },
  tcb: { simulated: { bootloader: 4, tee: 0, snp: 24, microcode: 220 } },
}

export const policyJson = {
  version: 1,
  name: 'simulated machines',
  evidence: { 'simulated-snp': pinsJson },
  os_images: ['05'.repeat(32)],
  quota: 2,
  ttl: 172_800,
  collateral: { revocation: 'when_given', max_age: 604_800, grace: 86_400 },
}

export const policyOf = (json: unknown) => parseAdmissionPolicy(JSON.stringify(json))

/** The JSON of a policy for one kind. */
export const policyFor = (kind: KindName, pins: unknown) => ({ ...policyJson, evidence: { [kind]: pins } })
