import { createHash } from 'node:crypto'
import { fieldFromHash, fieldToBytes, fromInteger } from '@vouch/protocol'
import { type Hasher, openHasher } from '../circuits/src/index.js'
import { createRegistry, openRegistry } from '../registry/node/store/index.js'
import type { NewMember } from '../registry/src/store.js'
import { nodePeak } from './memory.js'
import type { RegistryJob, RegistryResults } from './registry.js'

// One launch of a job: takes it as a message, answers with what was measured, and ends.

const NOW = 1_800_000_000
const now = () => NOW
const signer = new Uint8Array(32).fill(7)
const SINGLE = 50
const BATCHED = 2000
const TOGETHER = 64

/**
 * Stands in for P2 while a registry is filled: a million leaves would take it minutes. What is measured afterwards hashes no
 * old leaf, and hashes new ones truly.
 */
const stopgap: Hasher = (...inputs) => {
  const hash = createHash('sha256')
  for (const input of inputs) hash.update(input)
  return new Uint8Array(hash.digest().fill(0, 0, 1))
}

process.once('message', async (message) => {
  const value = await work(message as RegistryJob)
  process.send?.({ value }, undefined, undefined, () => process.disconnect())
})

function work(job: RegistryJob): Promise<unknown> {
  switch (job.kind) {
    case 'fill':
      return fill(job.folder, job.leaves)
    case 'open':
      return open(job.folder)
    case 'admit':
      return admit(job.folder, job.leaves)
  }
}

async function fill(folder: string, leaves: number): Promise<void> {
  await createRegistry(folder, { id: new Uint8Array(32).fill(3), signer, now })
  const registry = await openRegistry(folder, { now, signer, hash: stopgap })
  const room = SINGLE + BATCHED // for what is admitted later
  for (let from = 0; from < leaves - room; from += 1024) {
    const count = Math.min(1024, leaves - room - from)
    await Promise.all(Array.from({ length: count }, (_, i) => registry.admit(member(from + i))))
  }
  await registry.cutHead()
  await registry.close()
}

async function open(folder: string): Promise<{ time: number; peak: number }> {
  const start = performance.now()
  const registry = await openRegistry(folder, { now, signer })
  const time = performance.now() - start
  const peak = nodePeak()
  await registry.close()
  return { time, peak }
}

async function admit(
  folder: string,
  leaves: number,
): Promise<Pick<RegistryResults, 'admit' | 'batchSeconds' | 'batchSize'>> {
  const registry = await openRegistry(folder, { now, signer, hash: await openHasher() })
  const single: number[] = []
  for (let i = 0; i < SINGLE; i++) {
    const start = performance.now()
    await registry.admit(member(leaves + i))
    single.push(performance.now() - start)
  }
  const start = performance.now()
  let next = leaves + SINGLE
  const one = async () => {
    while (next < leaves + SINGLE + BATCHED) await registry.admit(member(next++))
  }
  await Promise.all(Array.from({ length: TOGETHER }, one))
  const batchSeconds = (performance.now() - start) / 1000
  await registry.close()
  return { admit: single, batchSeconds, batchSize: BATCHED }
}

function member(n: number): NewMember {
  const number = fromInteger(n, 4)
  const machine = fieldToBytes(fieldFromHash('machine', number))
  const credential = fieldFromHash('credential', number)
  const nonce = fieldToBytes(fieldFromHash('nonce', number))
  return { nonce, credential, policyId: 5n, expiresAt: NOW + 3600, machine, quota: 4, evidence: machine }
}
