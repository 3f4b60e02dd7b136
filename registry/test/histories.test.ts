import {
  changesIn,
  EMPTY_LEAF,
  fieldToBytes,
  leafOf,
  leavesOf,
  parseBucket,
  registryLeaf,
  toInteger,
} from '@vouch/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Registry } from '../src/store.js'
import { syncRegistry } from '../src/sync.js'
import { remembering } from '../testing/crashes.js'
import { MemoryMirror, sourceOf } from '../testing/mirrors.js'
import { member, NOW, newFolder, open, rootOf } from '../testing/registries.js'

// After any history the registry is what a model of a few lines says, a stranger's copy follows it, and Alice comes from each
// head to the one before.

type Step =
  | { readonly kind: 'admit'; readonly count: number }
  | { readonly kind: 'remove' | 'ban'; readonly which: number }
  | { readonly kind: 'head' | 'reopen' | 'rebuild' }
  | { readonly kind: 'wait'; readonly hours: number }

const kinds = <Kind extends Step['kind']>(...all: Kind[]) => fc.record({ kind: fc.constantFrom(...all) })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('admit' as const), count: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'ban' as const), which: fc.nat() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), hours: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 2, arbitrary: kinds('head', 'reopen', 'rebuild') },
)

const HOUR = 3600
const MACHINES = 3
const machineOf = (n: number) => new Uint8Array(32).fill(n % MACHINES)

interface Known {
  readonly n: number
  readonly expiresAt: number
  removed: boolean
  place: number | undefined
  isOver: boolean
}

/** The registry by its rules, without a database. */
class Model {
  now = NOW
  readonly members: Known[] = []
  private size = 0
  private free: number[] = []

  admit(n: number): void {
    const { expiresAt } = this.draft(n)
    this.members.push({ n, expiresAt, removed: false, place: undefined, isOver: false })
  }

  draft(n: number) {
    return member(n, { machine: machineOf(n), expiresAt: this.now + HOUR * (1 + (n % 20)) })
  }

  /** Members that are removed now leave at once; expired ones leave with the head, and their places are free after it. */
  settle(): bigint {
    const freed = this.members.filter(
      (one) => one.place !== undefined && !one.isOver && one.expiresAt < this.now,
    )
    for (const one of freed) one.isOver = true
    for (const one of this.members) {
      const isWaiting = one.place === undefined && !one.removed
      if (isWaiting && one.expiresAt >= this.now) one.place = this.free.shift() ?? this.size++
      else if (isWaiting) one.removed = one.removed || false
    }
    this.free = [...this.free, ...freed.map(({ place }) => place ?? 0)].sort((a, b) => a - b)
    const leaves = Array.from({ length: this.size }, () => 0n)
    for (const { n, expiresAt, place, removed, isOver } of this.members) {
      const { credential, policyId } = member(n)
      if (place !== undefined && !removed && !isOver)
        leaves[place] = registryLeaf(credential, policyId, expiresAt)
    }
    return rootOf(leaves)
  }
}

it('after any history the root is that of the leaves, every copy follows, and each head leads to the one before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
      const folder = await newFolder()
      const model = new Model()
      const clock = { maxAhead: Number.MAX_SAFE_INTEGER }
      const options = { hash: remembering, now: () => model.now, clock }
      const mirror = new MemoryMirror()
      let registry = await open(folder, options)
      for (const one of steps) {
        if (one.kind === 'reopen' || one.kind === 'rebuild') {
          await registry.close()
          registry = await open(folder, { ...options, rebuild: one.kind === 'rebuild' })
        } else await take(registry, one, model)
        const { root } = await registry.cutHead()
        expect(root).toBe(model.settle())
        await syncRegistry({ source: sourceOf(registry), mirror, hash: remembering, now: () => model.now })
        await expectUndone(registry, mirror)
      }
      await registry.close()
    }),
    { numRuns: 30 },
  )
})

async function take(registry: Registry, step: Step, model: Model): Promise<void> {
  const { members } = model
  switch (step.kind) {
    case 'admit': {
      const drafts = Array.from({ length: step.count }, (_, i) => model.draft(members.length + i))
      await Promise.all(drafts.map((one) => registry.admit(one)))
      for (const _ of drafts) model.admit(members.length)
      return
    }
    case 'remove': {
      const one = members[step.which % Math.max(1, members.length)]
      const credential = one === undefined ? 1n : member(one.n).credential
      if (one === undefined || one.removed) {
        await expect(registry.remove(credential, '')).rejects.toMatchObject({ code: 'LEAF_MISSING' })
        return
      }
      one.removed = true
      expect((await registry.remove(credential, 'test')).root).toBe(model.settle())
      const again = { ...model.draft(one.n), nonce: member(one.n + 1000).nonce }
      await expect(registry.admit(again)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' })
      return
    }
    case 'ban': {
      const machine = machineOf(step.which)
      for (const one of members) if (one.n % MACHINES === step.which % MACHINES) one.removed = true
      expect((await registry.ban(machine, 'test')).head.root).toBe(model.settle())
      const again = { ...model.draft(members.length + 2000), machine }
      await expect(registry.admit(again)).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
      await registry.pardon(machine, 'test')
      return
    }
    case 'wait':
      model.now += step.hours * HOUR
      return
    default:
      await registry.cutHead({ evenIfUnchanged: true })
  }
}

/** With what a head has changed undone, the copy's leaves lead to the root before. */
async function expectUndone(registry: Registry, mirror: MemoryMirror): Promise<void> {
  const [head, index] = [await registry.head(), await mirror.index()]
  if (index === undefined) return expect.unreachable('no index')
  const leaves = leavesOf(remembering, parseBucket(mirror.buckets.get(0) ?? new Uint8Array())).map(toInteger)
  expect(rootOf(leaves)).toBe(head.root)
  if (head.previousRoot === 0n) return expect(index.changes).toHaveLength(0)
  for (const { place, before } of changesIn(index)) leaves[place] = toInteger(before)
  expect(rootOf(leaves)).toBe(head.previousRoot)
}

it('an emptied place is another’s from the next head on, and one of a removed member once it would have expired', async () => {
  let time = NOW
  const folder = await newFolder()
  const registry = await open(folder, { hash: remembering, now: () => time, clock: { maxAhead: 1e9 } })
  const until = (n: number, hours: number) => member(n, { expiresAt: NOW + hours * HOUR })
  for (const [n, hours] of [
    [0, 1],
    [1, 9],
    [2, 9],
  ] as const)
    await registry.admit(until(n, hours))
  await registry.cutHead()
  await registry.remove(member(1).credential, 'lost')
  time = NOW + HOUR // its last second
  await registry.admit(until(3, 20))
  expect((await registry.cutHead()).size).toBe(4)
  time++
  await registry.admit(until(4, 20))
  const emptied = await registry.cutHead()
  expect(emptied.size).toBe(5)
  const changes = changesIn((await registry.index()) ?? { changes: new Uint8Array(), size: 0 })
  expect(changes).toEqual([
    { place: 0, before: leafOf(remembering, until(0, 1)) },
    { place: 4, before: EMPTY_LEAF },
  ])
  for (const n of [5, 6]) await registry.admit(until(n, 20))
  expect((await registry.cutHead()).size).toBe(6)
  const places = async (...numbers: number[]) =>
    Promise.all(numbers.map(async (n) => (await registry.find(member(n).credential))?.place))
  expect(await places(0, 1, 2, 3, 4, 5, 6)).toEqual([undefined, 1, 2, 3, 4, 0, 5])
  time = NOW + 9 * HOUR + 1
  await registry.cutHead()
  for (const n of [7, 8, 9]) await registry.admit(until(n, 30))
  expect((await registry.cutHead()).size).toBe(7)
  expect(await places(7, 8, 9)).toEqual([1, 2, 6])
  expect(fieldToBytes(0n)).toEqual(EMPTY_LEAF)
  await registry.close()
})
