import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import type { AdmissionPolicy } from '@vouch/evidence'
import { clock } from '@vouch/host/node'
import { type ErrorCode, printEnrollment } from '@vouch/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { type Lies, newClient, newRegistry } from '../testing/enrolling.js'
import { type Machine, newAzure, newAzureTdx, newTpm, POLICIES } from '../testing/hardware.js'

// From a quote to a place in the registry, for TPMs and for Azure's machines.

const backend = openBackend({ kind: 'native' })
const start = clock() - (clock() % 3600) + 1800
let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(POLICIES.tpm, POLICIES.azure, POLICIES.azureTdx)
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

const KINDS: readonly [string, AdmissionPolicy, () => Promise<Machine>][] = [
  ['a TPM', POLICIES.tpm, newTpm],
  ['a machine of Azure', POLICIES.azure, newAzure],
  ['a machine of Azure on TDX', POLICIES.azureTdx, () => newAzureTdx(start)],
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
    const other = policy === POLICIES.tpm ? POLICIES.azure : POLICIES.tpm
    expect(await failuresOf(other, { attest: honest, unproven: true })).toContain('SIMULATED_NOT_ACCEPTED')
  })
})
