import { openHasher } from '@vouch/circuits'
import { secretSigner } from '@vouch/host'
import { clock } from '@vouch/host/node'
import { fieldFromHash, fieldToBytes, fromInteger } from '@vouch/protocol'
import type { NewMember } from '@vouch/registry'
import { createRegistry, openRegistry } from '@vouch/registry/node'
import type { Reused, StoreJob } from './store.js'

// One job on a registry's store.

const signer = secretSigner(new Uint8Array(32).fill(7))
const HOUR = 3600
const EVIDENCE = new Uint8Array(12_000)

process.once('message', async (message) => {
  process.send?.(await work(message as StoreJob))
})
process.once('disconnect', () => process.exit())

async function work(job: StoreJob): Promise<number | Reused> {
  switch (job.kind) {
    case 'make':
      await createRegistry(job.folder, {
        id: new Uint8Array(32),
        signer,
        now: clock,
        store: job.store,
      })
      return 0
    case 'admit':
      return admit(job.folder, job)
    case 'reuse':
      return reuse(job.folder, job.count)
  }
}

/** Admits members, so many at one time; says how long that took. */
async function admit(
  folder: string,
  { first, count, atOnce }: { readonly first: number; readonly count: number; readonly atOnce: number },
): Promise<number> {
  const registry = await openRegistry(folder, { now: clock, hash: await openHasher() })
  await registry.counts() // connects
  let next = first
  const one = async (): Promise<void> => {
    while (next < first + count) await registry.admit(member(next++, clock() + HOUR))
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: atOnce }, one))
  const time = performance.now() - start
  await registry.close()
  return time
}

/** A clock that the bench moves: members expire together, and their places are given to others. */
async function reuse(folder: string, places: number): Promise<Reused> {
  let now = clock()
  const options = { now: () => now, signer, hash: await openHasher(), clock: { maxAhead: 10 * HOUR } }
  const registry = await openRegistry(folder, options)
  const fill = (first: number) =>
    Promise.all(Array.from({ length: places }, (_, i) => registry.admit(member(first + i, now + HOUR))))
  const timed = async (): Promise<number> => {
    const start = performance.now()
    await registry.cutHead()
    return performance.now() - start
  }
  await fill(0)
  await registry.cutHead()
  now += HOUR + 1
  const emptying = await timed()
  await fill(places)
  const refilling = await timed()
  const { size } = await registry.head()
  if (size !== places) throw new Error(`${size} places were used for ${places} members`)
  await registry.close()
  return { places, emptying, refilling }
}

function member(n: number, expiresAt: number): NewMember {
  const number = fromInteger(n, 4)
  return {
    nonce: fieldToBytes(fieldFromHash('nonce', number)),
    credential: fieldFromHash('credential', number),
    policyId: 5n,
    expiresAt,
    machine: fieldToBytes(fieldFromHash('machine', number)),
    quota: 1,
    evidence: EVIDENCE,
  }
}
