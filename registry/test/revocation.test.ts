import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { type EvidenceFile, parseCertificate } from '@vouch/evidence'
import { clock } from '@vouch/host/node'
import { printEnrollment } from '@vouch/protocol'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openSimulatedVendor } from '../../fixtures/simulated-vendor/index.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { type Lies, newClient, newRegistry, testPolicy } from '../testing/enrolling.js'

// A machine whose key leaked enrolls with everything but the list that names it.

const policy = testPolicy({ collateral: { revocation: 'required', maxAge: 86_400, grace: 3600 } })
const backend = openBackend({ kind: 'native' })
const now = clock()
let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(policy)
  registrar = await openRegistrar(folder, { now: () => now, key: registrarFolder(folder).signerKey })
})
afterEach(() => rm(registrarFolder(folder).collateral, { recursive: true, force: true }))
afterAll(async () => {
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

const listNaming = (...revoked: readonly Uint8Array[]): Promise<EvidenceFile> =>
  openSimulatedVendor().revoke('root', { thisUpdate: now - 60, nextUpdate: now + 86_400, revoked })

async function keep(list: EvidenceFile): Promise<void> {
  const { collateral } = registrarFolder(folder)
  await mkdir(collateral, { recursive: true })
  await writeFile(`${collateral}/${list.name}`, list.bytes)
}

/** How an enrollment comes out: the codes of what is in the way, or none. */
async function enroll(lies: Lies = {}): Promise<readonly string[]> {
  const client = newClient(backend, policy)
  const enrollment = await client.enroll(registrar.nonce(client.credential), lies)
  const admission = await registrar.admit(new TextEncoder().encode(printEnrollment(enrollment)), 'test')
  return admission.admitted ? [] : admission.failures.map(({ code }) => code)
}

test('without the list that the policy requires, nobody is admitted', async () => {
  expect(await enroll({ unproven: true })).toEqual(['COLLATERAL_MISSING'])
})

test('a list that comes with the evidence will do', async () => {
  const list = await listNaming()
  expect(await enroll({ evidence: (files) => [...files, list] })).toEqual([])
})

test('a list that the registrar keeps counts for whoever enrolls, and is read anew each time', async () => {
  await keep(await listNaming())
  expect(await enroll()).toEqual([])
  let intermediate: Uint8Array = new Uint8Array()
  await keep({ ...(await listNaming()), name: 'other.crl' })
  const seen: Lies['evidence'] = (files) => {
    const file = files.find(({ name }) => name === 'intermediate.der')
    if (file !== undefined) intermediate = parseCertificate(file.bytes).serial
    return files
  }
  expect(await enroll({ evidence: seen })).toEqual([])
  await keep(await listNaming(intermediate))
  expect(await enroll({ unproven: true })).toEqual(['CERTIFICATE_REVOKED'])
})

test('a kept file that is no list keeps everybody out, rather than nobody', async () => {
  await keep({
    name: 'broken.crl',
    bytes: new TextEncoder().encode('-----BEGIN X509 CRL-----\n??\n-----END X509 CRL-----\n'),
  })
  expect(await enroll({ unproven: true })).toEqual(['CERTIFICATE_MALFORMED'])
})
