import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { openBackend } from '@vouch/circuits/node'
import { gpuDigestOf } from '@vouch/evidence'
import { gpuDigest, gpuNonce } from '@vouch/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRegistrar, type Registrar } from '../node/open-registrar.js'
import { registrarFolder } from '../node/serving/registrar-folder.js'
import { enrollmentOn, type Hardware } from '../testing/any-kind.js'
import { newRegistry, testPolicy } from '../testing/enrolling.js'
import { askGpu, newSnp, POLICIES } from '../testing/hardware.js'

// A machine with a GPU: its services, this moment, and what the GPU answered are bound in one REPORT_DATA.

const plain = testPolicy()
const policy = POLICIES.gpu
const backend = openBackend({ kind: 'native' })
let folder: string
let registrar: Registrar

beforeAll(async () => {
  folder = await newRegistry(plain, policy)
  registrar = await openRegistrar(folder, { key: registrarFolder(folder).signerKey })
})
afterAll(async () => {
  await registrar.close()
  await backend.destroy()
  await rm(dirname(folder), { recursive: true, force: true })
})

/** What the GPU answers under a nonce. */
async function ask(nonce: Uint8Array): ReturnType<NonNullable<Hardware['gpus']>> {
  const files = await askGpu(nonce)
  const canonical = files[0]?.bytes ?? new Uint8Array()
  const digest = gpuDigest([canonical])
  expect(digest).toEqual(gpuDigestOf([{ canonical } as Parameters<typeof gpuDigestOf>[0][number]]))
  return { files, digest }
}

async function admitted(changes: Partial<Hardware>) {
  const hardware: Hardware = {
    registrar,
    policy,
    backend,
    attest: newSnp(),
    gpus: (nonce) => ask(gpuNonce(nonce)),
    ...changes,
  }
  const admission = await registrar.admit(await enrollmentOn(hardware), 'test')
  return admission.admitted ? [] : admission.failures.map(({ code }) => code)
}

test('is admitted with what its GPU answered for this very admission', async () => {
  expect(await admitted({})).toEqual([])
})

test('old evidence of a GPU is refused', async () => {
  expect(await admitted({ gpus: () => ask(new Uint8Array(32)) })).toEqual(['GPU_MISMATCH'])
})

test("another machine's GPU is refused: the digest is of other answers", async () => {
  const borrowed: Hardware['gpus'] = async (nonce) => {
    const { digest } = await ask(gpuNonce(nonce))
    const { files } = await ask(gpuNonce(nonce))
    return { files, digest }
  }
  expect(await admitted({ gpus: borrowed })).toEqual(['GPU_MISMATCH'])
})

test('a GPU that is left out is missed', async () => {
  const hidden: Hardware['gpus'] = async (nonce) => ({ ...(await ask(gpuNonce(nonce))), files: [] })
  expect(await admitted({ gpus: hidden })).toEqual(['GPU_NOT_ACCEPTED', 'GPU_MISMATCH'])
})

test('a machine without one is refused where the policy wants one', async () => {
  expect(await admitted({ gpus: async () => ({ files: [], digest: gpuDigest([]) }) })).toEqual([
    'GPU_NOT_ACCEPTED',
  ])
})

test('a GPU is refused where the policy says nothing of GPUs', async () => {
  expect(await admitted({ policy: plain })).toEqual(['GPU_NOT_ACCEPTED'])
})
