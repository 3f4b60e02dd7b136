import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { enrollmentOn } from '../testing/any-kind.js'
import { newRegistry } from '../testing/enrolling.js'
import { newEnclave, POLICIES } from '../testing/hardware.js'

// From an enclave's document to a place in the registry.

const policy = POLICIES.nitro
const backend = openBackend({ kind: 'native' })
let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(policy)
  registrar = await openRegistrar(folder, { key: registrarFolder(folder).signerKey })
})
afterAll(async () => {
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

/** An enrollment whose document has this for user_data, if not what it must have. */
const enrollment = (userData?: Uint8Array): Promise<Uint8Array> =>
  enrollmentOn({ registrar, policy, backend, attest: newEnclave(userData === undefined ? {} : { userData }) })

test('an enclave is admitted by its document', async () => {
  expect(await registrar.admit(await enrollment(), 'test')).toMatchObject({ admitted: true, number: 0 })
})

test('a document that binds other services is refused', async () => {
  const admission = await registrar.admit(await enrollment(new Uint8Array(64)), 'test')
  expect(admission).toMatchObject({ admitted: false, failures: [{ code: 'REPORT_DATA_MISMATCH' }] })
})
