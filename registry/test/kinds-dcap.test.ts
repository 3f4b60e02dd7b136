import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import {
  type AdmissionPolicy,
  admissionPolicyId,
  type EvidenceFile,
  type KindName,
  parseAdmissionPolicy,
  simulatedEnclaveReport,
  simulatedTdReport,
} from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { clock } from '@vouch/protocol/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sgxPinsJson, tdxPinsJson } from '../../evidence/test/support/intel.js'
import { policyFor } from '../../evidence/test/support/simulated.js'
import { openSimulatedIntel } from '../../fixtures/simulated-intel/index.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/registrar-folder.js'
import { printEnrollment } from '../src/enrollment.js'
import { newChip, newClient, newRegistry, osImageHash } from './support/enrolling.js'

// From the bytes of a quote to a leaf: guests of TDX and enclaves of SGX, under the simulated root.

const policyOf = (kind: KindName, pins: unknown): AdmissionPolicy =>
  parseAdmissionPolicy(
    JSON.stringify({ ...policyFor(kind, pins), os_images: [toHex(osImageHash)], quota: 1 }),
  )
const policies = {
  tdx: policyOf('simulated-tdx', tdxPinsJson),
  sgx: policyOf('simulated-sgx', sgxPinsJson),
}
const intel = openSimulatedIntel()
const backend = openBackend({ kind: 'native' })
const start = clock() - (clock() % 3600) + 1800
const collateral = { issued: start - 86_400, nextUpdate: start + 30 * 86_400 }

let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(policies.tdx, policies.sgx)
  registrar = await openRegistrar(folder, { now: () => start, key: registrarFolder(folder).signerKey })
})
afterAll(async () => {
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

/** Quotes of one platform, whatever TCB its PCK certificate is for. */
const quoting =
  (tee: 'tdx' | 'sgx', ppid: Uint8Array, pceSvn = 13) =>
  (reportData: Uint8Array): Promise<readonly EvidenceFile[]> => {
    const report = tee === 'tdx' ? simulatedTdReport(reportData) : simulatedEnclaveReport(reportData)
    return intel.attest({ ppid, certificate: { pceSvn } }, { report }, collateral)
  }

async function enroll(
  tee: 'tdx' | 'sgx',
  attest: (reportData: Uint8Array) => Promise<readonly EvidenceFile[]>,
) {
  const client = newClient(backend, policies[tee])
  const ticket = registrar.nonce(client.credential)
  const enrollment = await client.enroll(ticket, { attest })
  const admission = await registrar.admit(new TextEncoder().encode(printEnrollment(enrollment)), 'test')
  return admission.admitted
    ? { admitted: true, policyId: admission.receipt.policyId }
    : { admitted: false, codes: admission.failures.map(({ code }) => code) }
}

const newPpid = (): Uint8Array => newChip().subarray(0, 16)

describe.each(['tdx', 'sgx'] as const)('a quote of %s', (tee) => {
  test('is admitted, and its machine once', { timeout: 120_000 }, async () => {
    const ppid = newPpid()
    expect(await enroll(tee, quoting(tee, ppid))).toEqual({
      admitted: true,
      policyId: admissionPolicyId(policies[tee]),
    })
    // A platform has a PCK for each TCB. Another certificate does not make it another machine.
    expect(await enroll(tee, quoting(tee, ppid, 14))).toEqual({ admitted: false, codes: ['QUOTA_EXCEEDED'] })
  })

  test('that binds something else is not', async () => {
    const attest = () => quoting(tee, newPpid())(new Uint8Array(64))
    expect(await enroll(tee, attest)).toEqual({ admitted: false, codes: ['REPORT_DATA_MISMATCH'] })
  })

  test('whose lists the registrar keeps may come without them', { timeout: 120_000 }, async () => {
    const isList = ({ name }: EvidenceFile): boolean => name.endsWith('.crl')
    const without = async (reportData: Uint8Array) =>
      (await quoting(tee, newPpid())(reportData)).filter((file) => !isList(file))
    const missing = await enroll(tee, without)
    expect(new Set(missing.codes)).toEqual(new Set(['COLLATERAL_MISSING']))
    const kept = registrarFolder(folder).collateral
    await mkdir(kept, { recursive: true })
    const lists = (await quoting(tee, newPpid())(new Uint8Array(64))).filter(isList)
    for (const { name, bytes } of lists) await writeFile(join(kept, name), bytes)
    expect(await enroll(tee, without)).toMatchObject({ admitted: true })
    await rm(kept, { recursive: true })
  })
})
