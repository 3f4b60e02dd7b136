import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { admissionPolicyId, NITRO_ANCHORS } from '@vouch/evidence'
import { auxOf, buildServiceTree, credential, reportData } from '@vouch/protocol'
import { clock } from '@vouch/protocol/node'
import { proveEnrollment } from '@vouch/prover'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSimulatedNitro } from '../../fixtures/simulated-nitro/index.js'
import { makeStory } from '../../scripts/demo/story.js'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/registrar-folder.js'
import { printEnrollment } from '../src/enrollment.js'
import { nonceOf } from '../src/nonce.js'
import { newRegistry, testPolicy } from './support/enrolling.js'

// From an enclave's document to a place in the registry.

const image = [1, 2, 3].map((byte) => new Uint8Array(48).fill(byte)) as unknown as readonly [
  Uint8Array,
  Uint8Array,
  Uint8Array,
]
const policy = testPolicy({
  name: 'simulated enclaves of the tests',
  evidence: {
    'simulated-nitro': {
      roots: NITRO_ANCHORS.filter(({ kind }) => kind === 'simulated-nitro').map(({ spki }) => spki),
      images: [{ pcr0: image[0], pcr1: image[1], pcr2: image[2] }],
      signers: [],
      debug: false,
    },
  },
  quota: 'none',
})
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
async function enrollment(userData?: Uint8Array): Promise<Uint8Array> {
  const [{ osImageHash, holding }] = makeStory(clock()).machines
  const holderSecret = BigInt(`0x${randomBytes(31).toString('hex')}`)
  const smtRoot = buildServiceTree(holding.services).root
  const ticket = registrar.nonce(credential(smtRoot, holderSecret))
  const nonce = nonceOf(ticket)
  const gpuDigest = new Uint8Array(32)
  const bound = reportData(osImageHash, smtRoot, auxOf(gpuDigest, nonce))
  const files = await openSimulatedNitro().attest({ image, at: clock(), userData: userData ?? bound })
  const statement = { reportData: bound, osImageHash, gpuDigest, nonce, smtRoot, holderSecret, backend }
  const file = printEnrollment({
    version: 1,
    ticket,
    policyId: admissionPolicyId(policy),
    reportData: bound,
    osImageHash,
    gpuDigest,
    evidence: files.map(({ bytes }) => bytes),
    proof: (await proveEnrollment(statement)).proof,
  })
  return new TextEncoder().encode(file)
}

test('an enclave is admitted by its document', async () => {
  expect(await registrar.admit(await enrollment(), 'test')).toMatchObject({ admitted: true, index: 0 })
})

test('a document that binds other services is refused', async () => {
  const admission = await registrar.admit(await enrollment(new Uint8Array(64)), 'test')
  expect(admission).toMatchObject({ admitted: false, failures: [{ code: 'REPORT_DATA_MISMATCH' }] })
})
