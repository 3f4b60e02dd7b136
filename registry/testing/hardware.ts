import {
  type AdmissionPolicy,
  ANCHORS,
  type EvidenceFile,
  type KindName,
  NOT_CONFIDENTIAL,
  NVIDIA_ANCHORS,
  parseAdmissionPolicy,
} from '@vouch/evidence'
import {
  newSimulatedTpm,
  simulatedAzure,
  simulatedAzureTdx,
  simulatedEnclaveReport,
  simulatedTdReport,
} from '@vouch/evidence/simulated'
import { sgxPinsJson, tdxPinsJson } from '@vouch/evidence/testing/intel'
import { policyFor } from '@vouch/evidence/testing/simulated'
import { clock } from '@vouch/host/node'
import { shortReportData, toHex } from '@vouch/protocol'
import { openSimulatedIntel } from '../../fixtures/simulated-intel/index.js'
import { openSimulatedNitro } from '../../fixtures/simulated-nitro/index.js'
import { openSimulatedNvidia } from '../../fixtures/simulated-nvidia/index.js'
import { openSimulatedAuthority } from '../../fixtures/simulated-tpm/index.js'
import { openSimulatedVendor } from '../../fixtures/simulated-vendor/index.js'
import { newChip, osImageHash, testPolicy } from './enrolling.js'

// Machines of every kind, each under its simulated root, and a policy that admits it: one machine of a kind, once.

export type Attest = (reportData: Uint8Array) => Promise<readonly EvidenceFile[]>

export const rootsOf = (kind: KindName) =>
  ANCHORS.filter((anchor) => anchor.kind === kind).map(({ spki }) => spki)

const measurement = new Uint8Array(48).fill(0x4d)
export const pcrs = new Map([0, 2, 4, 7, 11].map((index) => [index, new Uint8Array(32).fill(index + 1)]))
const quotePins = {
  hashes: ['sha256'],
  boot: 'unified_kernel',
  bank: 'sha256',
  pcrs: [...pcrs].map(([index, value]) => ({ index, values: [value] })),
} as const
const enclaveImage = { pcr0: filled(1), pcr1: filled(2), pcr2: filled(3) }
const layer = simulatedTdReport(new Uint8Array(64))

const once = (name: string, evidence: AdmissionPolicy['evidence']): AdmissionPolicy =>
  testPolicy({ name, quota: 1, evidence })

const ofIntel = (kind: KindName, pins: unknown): AdmissionPolicy =>
  parseAdmissionPolicy(
    JSON.stringify({ ...policyFor(kind, pins), os_images: [toHex(osImageHash)], quota: 1 }),
  )

export const POLICIES = {
  snp: testPolicy({ quota: 1 }),
  tdx: ofIntel('simulated-tdx', tdxPinsJson),
  sgx: ofIntel('simulated-sgx', sgxPinsJson),
  nitro: testPolicy({
    name: 'simulated enclaves of the tests',
    quota: 'none', // an enclave's document names no machine
    evidence: {
      'simulated-nitro': {
        roots: rootsOf('simulated-nitro'),
        images: [enclaveImage],
        signers: [],
        debug: false,
      },
    },
  }),
  tpm: once('simulated TPMs', {
    'simulated-tpm': {
      confidential: NOT_CONFIDENTIAL,
      roots: rootsOf('simulated-tpm'),
      keys: [],
      firmware: 'any',
      ...quotePins,
    },
  }),
  azure: once('simulated machines of Azure', {
    'simulated-azure-snp': {
      roots: rootsOf('simulated-azure-snp'),
      endorsements: ['vcek'],
      measurements: [measurement],
      guestPolicy: { debug: false, migration: false, smt: true },
      tcb: { simulated: { bootloader: 4, tee: 0, snp: 24, microcode: 220 } },
      ...quotePins,
    },
  }),
  azureTdx: once('simulated machines of Azure on TDX', {
    'simulated-azure-tdx': {
      roots: rootsOf('simulated-azure-tdx'),
      measurements: [
        { mrtd: layer.mrTd, rtmr0: layer.rtmrs[0], rtmr1: layer.rtmrs[1], rtmr2: layer.rtmrs[2] },
      ],
      tdAttributes: { debug: false, migratable: false, perfmon: false, septVe: false },
      tcb: { statuses: ['UpToDate'], minEvaluation: 0 },
      ...quotePins,
    },
  }),
  gpu: testPolicy({
    name: 'simulated machines with a GPU',
    gpus: {
      required: true,
      roots: NVIDIA_ANCHORS.filter(({ kind }) => kind === 'simulated-nvidia').map(({ spki }) => spki),
      drivers: ['590.12'],
      vbios: [],
      fwids: [],
    },
  }),
} as const satisfies Record<string, AdmissionPolicy>

/** What a vendor publishes, and renews, around the time of a test. */
export const collateralAt = (now: number) => ({ issued: now - 86_400, nextUpdate: now + 30 * 86_400 })

export const intel = openSimulatedIntel()
/** A platform's number, which no other test has. */
export const newPpid = (): Uint8Array => newChip().subarray(0, 16)

/** What a GPU answers under a nonce, as files: the answer itself comes first. */
export const askGpu = (nonce: Uint8Array): Promise<readonly EvidenceFile[]> =>
  openSimulatedNvidia().attest({ nonce })

/** A machine of AMD's, a new one each time. */
export function newSnp(): Attest {
  const chipId = newChip()
  return (reportData) => openSimulatedVendor().attest({ chipId }, { reportData, measurement })
}

/** Quotes of one platform, whatever TCB its PCK certificate is for. */
export const quoting =
  (tee: 'tdx' | 'sgx', now: number, ppid = newPpid(), pceSvn = 13): Attest =>
  (reportData) => {
    const report = tee === 'tdx' ? simulatedTdReport(reportData) : simulatedEnclaveReport(reportData)
    return intel.attest({ ppid, certificate: { pceSvn } }, { report }, collateralAt(now))
  }

export const newEnclave =
  (changes: { readonly userData?: Uint8Array } = {}): Attest =>
  (userData) =>
    openSimulatedNitro().attest({
      image: [enclaveImage.pcr0, enclaveImage.pcr1, enclaveImage.pcr2],
      at: clock(),
      userData,
      ...changes,
    })

/** A machine, and the same when what it quotes binds something else. */
export interface Machine {
  readonly honest: Attest
  readonly unbound: Attest
}

export async function newTpm(): Promise<Machine> {
  const [authority, tpm] = [openSimulatedAuthority(), await newSimulatedTpm()]
  const quote = (extraData: Uint8Array) => authority.attest(tpm, { extraData, pcrs })
  return {
    honest: (reportData) => quote(shortReportData(reportData)),
    unbound: (reportData) => quote(reportData.subarray(0, 32)),
  }
}

export async function newAzure(): Promise<Machine> {
  const [azure, chipId] = [await simulatedAzure(openSimulatedVendor()), newChip()]
  const attest = (reportData: Uint8Array, runtime = {}) =>
    azure.attest({ chipId }, { reportData, measurement, pcrs, runtime })
  return {
    honest: (reportData) => attest(reportData),
    unbound: (reportData) => attest(reportData, { 'user-data': '00'.repeat(64) }),
  }
}

export async function newAzureTdx(now: number): Promise<Machine> {
  const [azure, ppid] = [await simulatedAzureTdx(intel), newPpid()]
  const attest = (reportData: Uint8Array, quote = {}) =>
    azure.attest({ ppid }, { reportData, pcrs, quote }, collateralAt(now))
  return {
    honest: (reportData) => attest(reportData),
    unbound: (reportData) => attest(reportData, { extraData: new Uint8Array(32) }),
  }
}

function filled(byte: number): Uint8Array {
  return new Uint8Array(48).fill(byte)
}
