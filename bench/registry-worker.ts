import { openHasher } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import type { AdmissionPolicy } from '@vouch/evidence'
import { clock, openSigner } from '@vouch/host/node'
import { fieldFromHash, fieldToBytes, fromInteger, printEnrollment } from '@vouch/protocol'
import type { NewMember } from '@vouch/registry'
import { openRegistrar, openRegistry, type Registrar } from '@vouch/registry/node'
import { newClient, newRegistry, testPolicy } from '@vouch/registry/testing/enrolling'
import { registrarFolder } from '../registry/node/serving/registrar-folder.js'
import type { Admitted, Filled, RegistryJob } from './registry.js'

// One launch of a job on a registrar's folder.

/** As many as one write takes. */
const WRITE = 256
const LIFETIME = 48 * 3600
const policy = testPolicy()

process.once('message', async (message) => {
  process.send?.(await work(message as RegistryJob))
})

// The answer has arrived, or whoever waited for it is gone.
process.once('disconnect', () => process.exit())

function work(job: RegistryJob): Promise<Filled | Admitted> {
  switch (job.kind) {
    case 'fill':
      return fill(job.leaves)
    case 'admit':
      return admit(job.folder, job.alone, job.together)
  }
}

/** A registrar's folder as its command makes it, with leaves whose evidence is only a number: it is read by no one here. */
async function fill(leaves: number): Promise<Filled> {
  const folder = await newRegistry(policy)
  const signer = await openSigner(registrarFolder(folder).signerKey)
  const registry = await openRegistry(folder, { now: clock, signer, hash: await openHasher() })
  for (let from = 0; from < leaves; from += WRITE) {
    const count = Math.min(WRITE, leaves - from)
    await Promise.all(Array.from({ length: count }, (_, i) => registry.admit(member(from + i))))
  }
  await registry.cutHead()
  await registry.close()
  return { folder, key: registrarFolder(folder).signerKey }
}

function member(n: number): NewMember {
  const number = fromInteger(n, 4)
  return {
    nonce: fieldToBytes(fieldFromHash('nonce', number)),
    credential: fieldFromHash('credential', number),
    policyId: 5n,
    expiresAt: clock() + LIFETIME,
    machine: fieldToBytes(fieldFromHash('machine', number)),
    quota: 1,
    evidence: number,
  }
}

/** Whole admissions on a registrar as `registrar serve` opens it: one after another, then many at once. */
async function admit(folder: string, alone: number, together: number): Promise<Admitted> {
  const registrar = await openRegistrar(folder, {
    key: registrarFolder(folder).signerKey,
    hash: await openHasher(),
  })
  const files = await enrollments(registrar, policy, 1 + alone + together)
  await admitOne(registrar, files[0]) // not counted: the proving library starts in it
  const single: number[] = []
  for (const file of files.slice(1, 1 + alone)) {
    const start = performance.now()
    await admitOne(registrar, file)
    single.push(performance.now() - start)
  }
  const start = performance.now()
  await Promise.all(files.slice(1 + alone).map((file) => admitOne(registrar, file)))
  const time = performance.now() - start
  await registrar.registry.cutHead()
  await registrar.close()
  return { alone: single, together: { size: together, time } }
}

/** Enrollments of so many machines, each with evidence of the simulated vendor's and a real proof. */
async function enrollments(
  registrar: Registrar,
  policy: AdmissionPolicy,
  count: number,
): Promise<readonly Uint8Array[]> {
  const backend = openBackend()
  const files: Uint8Array[] = []
  for (let i = 0; i < count; i++) {
    const client = newClient(backend, policy)
    const enrollment = await client.enroll(registrar.nonce(client.credential))
    files.push(new TextEncoder().encode(printEnrollment(enrollment)))
  }
  await backend.destroy()
  return files
}

async function admitOne(registrar: Registrar, file: Uint8Array | undefined): Promise<void> {
  const admission = await registrar.admit(file ?? new Uint8Array(), 'bench')
  if (admission.admitted) return
  const codes = admission.failures.map(({ code }) => code).join(', ')
  throw new Error(`an enrollment was refused with ${codes}, so nothing was measured`)
}
