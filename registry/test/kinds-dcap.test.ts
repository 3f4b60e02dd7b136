import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { admissionPolicyId, type EvidenceFile } from '@vouch/evidence'
import { clock } from '@vouch/host/node'
import { printEnrollment } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { newClient, newRegistry } from '../testing/enrolling.js'
import { newPpid, POLICIES, quoting } from '../testing/hardware.js'

// From the bytes of a quote to a leaf: guests of TDX and enclaves of SGX, under the simulated root.

const backend = openBackend({ kind: 'native' })
const start = clock() - (clock() % 3600) + 1800

let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(POLICIES.tdx, POLICIES.sgx)
  registrar = await openRegistrar(folder, { now: () => start, key: registrarFolder(folder).signerKey })
})
afterAll(async () => {
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

async function enroll(
  tee: 'tdx' | 'sgx',
  attest: (reportData: Uint8Array) => Promise<readonly EvidenceFile[]>,
) {
  const client = newClient(backend, POLICIES[tee])
  const ticket = registrar.nonce(client.credential)
  const enrollment = await client.enroll(ticket, { attest })
  const admission = await registrar.admit(new TextEncoder().encode(printEnrollment(enrollment)), 'test')
  return admission.admitted
    ? { admitted: true, policyId: admission.receipt.policyId }
    : { admitted: false, codes: admission.failures.map(({ code }) => code) }
}

describe.each(['tdx', 'sgx'] as const)('a quote of %s', (tee) => {
  test('is admitted, and its machine once', { timeout: 120_000 }, async () => {
    const ppid = newPpid()
    expect(await enroll(tee, quoting(tee, start, ppid))).toEqual({
      admitted: true,
      policyId: admissionPolicyId(POLICIES[tee]),
    })
    // A platform has a PCK for each TCB. Another certificate does not make it another machine.
    expect(await enroll(tee, quoting(tee, start, ppid, 14))).toEqual({
      admitted: false,
      codes: ['QUOTA_EXCEEDED'],
    })
  })

  test('that binds something else is not', async () => {
    const attest = () => quoting(tee, start)(new Uint8Array(64))
    expect(await enroll(tee, attest)).toEqual({ admitted: false, codes: ['REPORT_DATA_MISMATCH'] })
  })

  test('whose lists the registrar keeps may come without them', { timeout: 120_000 }, async () => {
    const isList = ({ name }: EvidenceFile): boolean => name.endsWith('.crl')
    const without = async (reportData: Uint8Array) =>
      (await quoting(tee, start)(reportData)).filter((file) => !isList(file))
    const missing = await enroll(tee, without)
    expect(new Set(missing.codes)).toEqual(new Set(['COLLATERAL_MISSING']))
    const kept = registrarFolder(folder).collateral
    await mkdir(kept, { recursive: true })
    const lists = (await quoting(tee, start)(new Uint8Array(64))).filter(isList)
    for (const { name, bytes } of lists) await writeFile(join(kept, name), bytes)
    expect(await enroll(tee, without)).toMatchObject({ admitted: true })
    await rm(kept, { recursive: true })
  })
})
