import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import {
  type AdmissionPolicy,
  ANCHORS,
  type EvidenceFile,
  type KindName,
  NOT_CONFIDENTIAL,
  newSimulatedTpm,
  simulatedAzure,
  simulatedAzureTdx,
  simulatedTdReport,
} from '@vouch/evidence'
import { type ErrorCode, shortReportData } from '@vouch/protocol'
import { clock } from '@vouch/protocol/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSimulatedIntel } from '../../fixtures/simulated-intel/index.js'
import { openSimulatedAuthority } from '../../fixtures/simulated-tpm/index.js'
import { openSimulatedVendor } from '../../fixtures/simulated-vendor/index.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/registrar-folder.js'
import { printEnrollment } from '../src/enrollment.js'
import { type Lies, newChip, newClient, newRegistry, testPolicy } from './support/enrolling.js'

// From a quote to a place in the registry, for TPMs and for Azure's machines.

const measurement = new Uint8Array(48).fill(0x4d)
const values = new Map([0, 2, 4, 7, 11].map((index) => [index, new Uint8Array(32).fill(index + 1)]))
const quotePins = {
  hashes: ['sha256'],
  boot: 'unified_kernel',
  bank: 'sha256',
  pcrs: [...values].map(([index, value]) => ({ index, values: [value] })),
} as const
const rootsOf = (kind: KindName) => ANCHORS.filter((anchor) => anchor.kind === kind).map(({ spki }) => spki)

const tpmPolicy = testPolicy({
  name: 'simulated TPMs',
  quota: 1,
  evidence: {
    'simulated-tpm': {
      confidential: NOT_CONFIDENTIAL,
      roots: rootsOf('simulated-tpm'),
      keys: [],
      firmware: 'any',
      ...quotePins,
    },
  },
})
const azurePolicy = testPolicy({
  name: 'simulated machines of Azure',
  quota: 1,
  evidence: {
    'simulated-azure-snp': {
      roots: rootsOf('simulated-azure-snp'),
      endorsements: ['vcek'],
      measurements: [measurement],
      guestPolicy: { debug: false, migration: false, smt: true },
      tcb: { simulated: { bootloader: 4, tee: 0, snp: 24, microcode: 220 } },
      ...quotePins,
    },
  },
})
const layer = simulatedTdReport(new Uint8Array(64))
const azureTdxPolicy = testPolicy({
  name: 'simulated machines of Azure on TDX',
  quota: 1,
  evidence: {
    'simulated-azure-tdx': {
      roots: rootsOf('simulated-azure-tdx'),
      measurements: [
        { mrtd: layer.mrTd, rtmr0: layer.rtmrs[0], rtmr1: layer.rtmrs[1], rtmr2: layer.rtmrs[2] },
      ],
      tdAttributes: { debug: false, migratable: false, perfmon: false, septVe: false },
      tcb: { statuses: ['UpToDate'], minEvaluation: 0 },
      ...quotePins,
    },
  },
})

const backend = openBackend({ kind: 'native' })
const start = clock() - (clock() % 3600) + 1800
const collateral = { issued: start - 86_400, nextUpdate: start + 30 * 86_400 }
let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(tpmPolicy, azurePolicy, azureTdxPolicy)
  registrar = await openRegistrar(folder, { now: () => start, key: registrarFolder(folder).signerKey })
})
afterAll(async () => {
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

/** What the registrar finds against an enrollment of a new client; nothing when it admits it. */
async function failuresOf(policy: AdmissionPolicy, lies: Lies): Promise<readonly ErrorCode[]> {
  const client = newClient(backend, policy)
  const enrollment = await client.enroll(registrar.nonce(client.credential), lies)
  const admission = await registrar.admit(new TextEncoder().encode(printEnrollment(enrollment)), 'test')
  return admission.admitted ? [] : admission.failures.map(({ code }) => code)
}

type Attest = (reportData: Uint8Array) => Promise<readonly EvidenceFile[]>
const KINDS: readonly [string, AdmissionPolicy, () => Promise<{ honest: Attest; unbound: Attest }>][] = [
  [
    'a TPM',
    tpmPolicy,
    async () => {
      const [authority, tpm] = [openSimulatedAuthority(), await newSimulatedTpm()]
      const quoting = (extraData: Uint8Array) => authority.attest(tpm, { extraData, pcrs: values })
      return {
        honest: (reportData) => quoting(shortReportData(reportData)),
        unbound: (reportData) => quoting(reportData.subarray(0, 32)),
      }
    },
  ],
  [
    'a machine of Azure',
    azurePolicy,
    async () => {
      const [azure, chipId] = [await simulatedAzure(openSimulatedVendor()), newChip()]
      const attest = (reportData: Uint8Array, runtime = {}) =>
        azure.attest({ chipId }, { reportData, measurement, pcrs: values, runtime })
      return {
        honest: (reportData) => attest(reportData),
        unbound: (reportData) => attest(reportData, { 'user-data': '00'.repeat(64) }),
      }
    },
  ],
  [
    'a machine of Azure on TDX',
    azureTdxPolicy,
    async () => {
      const [azure, ppid] = [await simulatedAzureTdx(openSimulatedIntel()), newChip().subarray(0, 16)]
      const attest = (reportData: Uint8Array, quote = {}) =>
        azure.attest({ ppid }, { reportData, pcrs: values, quote }, collateral)
      return {
        honest: (reportData) => attest(reportData),
        unbound: (reportData) => attest(reportData, { extraData: new Uint8Array(32) }),
      }
    },
  ],
]

describe.each(KINDS)('%s', (_, policy, machine) => {
  test('is admitted when its quote binds REPORT_DATA, once', async () => {
    const { honest } = await machine()
    expect(await failuresOf(policy, { attest: honest })).toEqual([])
    expect(await failuresOf(policy, { attest: honest })).toContain('QUOTA_EXCEEDED')
  })

  test('is refused when its quote binds something else', async () => {
    const { unbound } = await machine()
    expect(await failuresOf(policy, { attest: unbound, unproven: true })).toEqual(['REPORT_DATA_MISMATCH'])
  })

  test('is not admitted under the policy of another kind', async () => {
    const { honest } = await machine()
    const other = policy === tpmPolicy ? azurePolicy : tpmPolicy
    expect(await failuresOf(other, { attest: honest, unproven: true })).toContain('SIMULATED_NOT_ACCEPTED')
  })
})
