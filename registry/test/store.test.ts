import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  emptySubtree,
  isHeadSigned,
  parseBucket,
  parseHead,
  printHead,
  REGISTRY_DEPTH,
  registryLeaf,
  rootOfBuckets,
  rootsIn,
  slowHasher,
  toInteger,
} from '@vouch/protocol'
import type { RegistryRecord } from '@vouch/protocol/records'
import { describe, expect, it, type TestContext } from 'vitest'
import { createRegistry, readRegistry } from '../node/store/index.js'
import type { NewMember, Registry } from '../src/store.js'
import { ENGINES, type Place, withServer } from '../testing/engines.js'
import { ID, member, NOW, now, open, POLICY, rootOf, SIGNER, scratch } from '../testing/registries.js'

const leafOf = (n: number) => registryLeaf(member(n).credential, POLICY, member(n).expiresAt)
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)
const credential = (n: number) => member(n).credential

withServer()

describe.each(Object.entries(ENGINES))('a registry in %s', (_, engine) => {
  /** A new one, opened for the test's work. */
  const using = async (
    context: TestContext,
    work: (registry: Registry, place: Place) => Promise<unknown>,
  ) => {
    const place = await engine(context)
    await place.using((registry) => work(registry, place))
    return place
  }

  describe('that is new', () => {
    it('has a signed head over the empty tree, where verifiers look for it', (context) =>
      using(context, async (registry, { folder }) => {
        const head = parseHead(await readFile(join(folder, 'head.json')))
        expect(isHeadSigned(head)).toBe(true)
        const root = emptySubtree(REGISTRY_DEPTH)
        expect(head).toMatchObject({ registryId: ID, seq: 0, size: 0, root, previousRoot: 0n, time: NOW })
        expect(await registry.head()).toEqual(head)
      }))

    it('takes no place that has one', async (context) => {
      const { folder, store } = await engine(context)
      const again = createRegistry(folder, { id: ID, signer: SIGNER, now, store })
      await expect(again).rejects.toMatchObject({ code: 'USAGE' })
      if (store === undefined) return
      const elsewhere = createRegistry(join(scratch(), 'other'), { id: ID, signer: SIGNER, now, store })
      await expect(elsewhere).rejects.toMatchObject({ code: 'USAGE' })
    })
  })

  describe('admits', () => {
    it('a member, whose leaf the next head has at the next place', (context) =>
      using(context, async (registry) => {
        expect(await registry.admit(member(0))).toEqual({ number: 0, leaf: leafOf(0) })
        expect(await registry.admit(member(1))).toEqual({ number: 1, leaf: leafOf(1) })
        expect(await registry.find(credential(1))).toMatchObject({ number: 1, place: undefined })
        expect(await registry.counts()).toEqual({ admitted: 2, waiting: 2 })
        expect((await registry.cutHead()).root).toBe(rootOf([leafOf(0), leafOf(1)]))
        expect(await registry.find(credential(1))).toMatchObject({ number: 1, place: 1 })
        expect(await registry.counts()).toEqual({ admitted: 2, waiting: 0 })
      }))

    it('a member that is there after the registry was closed, with its evidence', async (context) => {
      const place = await using(context, (registry) => registry.admit(member(0)))
      await place.using(async (registry) => {
        const { nonce, expiresAt, machine, policyId } = member(0)
        const kept = { number: 0, nonce, expiresAt, machine, policyId, removed: false }
        expect(await registry.find(credential(0))).toMatchObject(kept)
        expect(await registry.members(0, 10)).toMatchObject([kept])
        expect(await registry.members(1, 10)).toEqual([])
        expect(await registry.evidenceOf(credential(0))).toEqual(member(0).evidence)
        expect(await registry.evidenceOf(credential(1))).toBeUndefined()
      })
    })

    it('no nonce and no credential twice, at any distance', async (context) => {
      const other = { ...member(0), nonce: member(1).nonce }
      const stolen = member(2, { nonce: member(0).nonce })
      const place = await using(context, async (registry) => {
        const together = await Promise.allSettled(
          [member(0), member(0), other, stolen].map((one) => registry.admit(one)),
        )
        expect(
          together.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'admitted')),
        ).toEqual(['admitted', 'NONCE_USED', 'CREDENTIAL_REFUSED', 'NONCE_USED'])
      })
      await place.using(async (registry) => {
        await expect(registry.admit(member(0))).rejects.toMatchObject({ code: 'NONCE_USED' })
        await expect(registry.admit(other)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' })
        await expect(registry.admit(stolen)).rejects.toMatchObject({ code: 'NONCE_USED' })
        expect(await registry.counts()).toMatchObject({ admitted: 1 })
      })
    })

    it.for([
      ['a nonce of another length', { nonce: new Uint8Array(31) }, 'VALUE_MALFORMED'],
      ['a credential that is no field element', { credential: -1n }, 'VALUE_OUT_OF_RANGE'],
      ['a policy that is none', { policyId: 2n ** 249n }, 'VALUE_OUT_OF_RANGE'],
      ['evidence without end', { evidence: new Uint8Array(2 ** 20 + 1) }, 'TOO_LARGE'],
    ])('no member with %s, and those beside it', async ([, change, code], context) => {
      await using(context, async (registry) => {
        const bad = registry.admit(member(0, change as Partial<NewMember>))
        const good = registry.admit(member(1))
        await expect(bad).rejects.toMatchObject({ code })
        expect(await good).toMatchObject({ number: 0 })
      })
    })

    it('all that wait while the disk is busy, and the failure of one write is told to all of its members', async (context) => {
      let fails = false
      const moody = () => {
        if (fails) throw new Error('no clock')
        return NOW
      }
      const place = await engine(context)
      await place.using(
        async (registry) => {
          const many = await Promise.all(numbers(300).map((n) => registry.admit(member(n))))
          expect(many.map(({ number }) => number)).toEqual(numbers(300))
          fails = true
          const both = [member(300), member(301)].map((one) => registry.admit(one))
          const outcomes = await Promise.allSettled(both)
          expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
          fails = false
          expect(await registry.admit(member(300))).toMatchObject({ number: 300 })
        },
        { now: moody },
      )
    })
  })

  describe('has a quota', () => {
    const machine = new Uint8Array(32).fill(9)
    const same = (n: number, expiresAt = NOW + 3600) => member(n, { machine, quota: 2, expiresAt })

    it('that counts live leaves of one machine under one policy, also those that come together', (context) =>
      using(context, async (registry) => {
        const outcomes = await Promise.allSettled(numbers(4).map((n) => registry.admit(same(n))))
        expect(outcomes.map(({ status }) => status)).toEqual([
          'fulfilled',
          'fulfilled',
          'rejected',
          'rejected',
        ])
        await expect(registry.admit(same(5))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
        await registry.admit(member(6, { machine, policyId: POLICY + 1n, quota: 2 }))
        await registry.admit(member(7, { machine }))
        expect(await registry.liveLeaves(machine, POLICY)).toBe(3)
      }))

    it('that forgets leaves that expired or were removed', async (context) => {
      const place = await using(context, async (registry) => {
        await registry.admit(same(0, NOW - 1))
        await registry.admit(same(1))
        await registry.admit(same(2))
        await registry.remove(credential(1), 'sold')
      })
      await place.using(async (registry) => {
        expect(await registry.liveLeaves(machine, POLICY)).toBe(1)
        await registry.admit(same(3))
        await expect(registry.admit(same(4))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
      })
    })
  })

  describe('cuts heads', () => {
    it('when something changed, which name the root before', (context) =>
      using(context, async (registry) => {
        const first = await registry.head()
        expect(await registry.cutHead()).toEqual(first)
        await registry.admit(member(0))
        const second = await registry.cutHead()
        expect(second).toMatchObject({ seq: 1, size: 1, root: rootOf([leafOf(0)]), previousRoot: first.root })
        expect(isHeadSigned(second)).toBe(true)
        const third = await registry.cutHead({ evenIfUnchanged: true })
        expect(third).toMatchObject({ seq: 2, size: 1, root: second.root, previousRoot: second.root })
        expect(await registry.heads(0, 10)).toEqual([first, second, third])
        expect(await registry.heads(1, 1)).toEqual([second])
        expect(await registry.heads(3, 5)).toEqual([])
      }))

    it('that never go back in time with the clock', async (context) => {
      const place = await engine(context)
      await place.using(
        async (registry) => {
          await registry.admit(member(0))
          expect((await registry.cutHead()).time).toBe(NOW)
        },
        { now: () => NOW - 1000 },
      )
    })

    it('with the key alone; on a server another process may have it', async (context) => {
      const place = await engine(context)
      const before = await place.using((registry) => registry.head())
      await place.using(
        async (registry) => {
          await registry.admit(member(0))
          if (place.store !== undefined) return expect(await registry.cutHead()).toEqual(before)
          await expect(registry.cutHead()).rejects.toMatchObject({ code: 'USAGE' })
          await expect(registry.remove(credential(0), '')).rejects.toMatchObject({ code: 'USAGE' })
          expect(await registry.find(credential(0))).toMatchObject({ removed: false })
        },
        { signer: undefined },
      )
    })

    it('and signs nothing when it is behind the newest head that was published', async (context) => {
      const place = await using(context, (registry) => registry.admit(member(0)))
      const path = join(place.folder, 'head.json')
      const published = parseHead(await readFile(path))
      await writeFile(path, printHead({ ...published, seq: 7 }))
      await expect(place.open()).rejects.toMatchObject({
        code: 'LOG_CORRUPT',
        given: 'head 7 beside a database that ends with head 0',
      })
      await writeFile(path, printHead(published))
      await place.using(async (registry) => {
        await writeFile(path, printHead({ ...published, seq: 7 }))
        await expect(registry.cutHead()).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
        await expect(registry.remove(credential(0), '')).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
        await writeFile(path, printHead(published))
        expect(await registry.cutHead()).toMatchObject({ seq: 1 })
      })
    })
  })

  describe('removes', () => {
    it('a member: every earlier root is refused at once, and its credential for ever', async (context) => {
      const place = await using(context, async (registry, { folder }) => {
        for (const n of numbers(3)) await registry.admit(member(n))
        await registry.cutHead()
        const head = await registry.remove(credential(1), 'lost')
        const root = rootOf([leafOf(0), 0n, leafOf(2)])
        expect(head).toMatchObject({ seq: 2, size: 3, previousRoot: 0n, root })
        expect(parseHead(await readFile(join(folder, 'head.json')))).toEqual(head)
        expect((await registry.index())?.changes).toHaveLength(0)
      })
      await place.using(async (registry) => {
        const again = member(1, { nonce: member(9).nonce })
        await expect(registry.admit(again)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' })
        expect(await registry.find(credential(1))).toMatchObject({ number: 1, place: 1, removed: true })
      })
    })

    it('a member that no head has yet, which never gets a place', (context) =>
      using(context, async (registry) => {
        for (const n of numbers(2)) await registry.admit(member(n))
        expect(await registry.remove(credential(0), '')).toMatchObject({
          seq: 1,
          size: 1,
          root: rootOf([leafOf(1)]),
        })
        expect(await registry.find(credential(0))).toMatchObject({ removed: true, place: undefined })
      }))

    it('only members that are there', (context) =>
      using(context, async (registry) => {
        await registry.admit(member(0))
        await registry.remove(credential(0), '')
        for (const n of [0, 1])
          await expect(registry.remove(credential(n), '')).rejects.toMatchObject({ code: 'LEAF_MISSING' })
        await registry.admit(member(1))
        await expect(registry.remove(credential(1), 'x'.repeat(1025))).rejects.toMatchObject({
          code: 'TOO_LARGE',
        })
        expect((await registry.head()).seq).toBe(1)
      }))

    it('in its turn among admissions', (context) =>
      using(context, async (registry) => {
        await registry.admit(member(0))
        const [, head] = await Promise.all([
          registry.admit(member(1)),
          registry.remove(credential(0), ''),
          registry.admit(member(2)),
        ])
        expect([rootOf([leafOf(1)]), rootOf([leafOf(1), leafOf(2)])]).toContain(head.root)
      }))
  })

  describe('bans', () => {
    const machine = new Uint8Array(32).fill(9)
    const of = (n: number) => member(n, { machine })

    it('a machine: every leaf of it goes in one transaction, and it is refused from then on', async (context) => {
      const place = await using(context, async (registry) => {
        for (const n of [0, 2]) await registry.admit(of(n))
        await registry.admit(member(1))
        await registry.cutHead()
        const before = (await recordsOf(registry)).length
        const { removed, head } = await registry.ban(machine, 'its host was broken into')
        expect(removed).toBe(2)
        expect(head).toMatchObject({ size: 3, previousRoot: 0n, root: rootOf([0n, 0n, leafOf(1)]) })
        const records = await recordsOf(registry)
        expect(records).toHaveLength(before + 2)
        const reason = new TextEncoder().encode('its host was broken into')
        expect(records.at(-2)).toEqual({ kind: 'ban', ban: { machine, reason, time: NOW } })
        await expect(registry.admit(of(3))).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
      })
      for (const rebuild of [false, true]) {
        await place.using(
          async (registry) => {
            expect(await registry.refusedMachines()).toEqual([machine])
            expect((await registry.find(credential(2)))?.removed).toBe(true)
            await expect(registry.admit(of(3))).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
            await registry.admit(member(4 + Number(rebuild)))
          },
          { rebuild },
        )
      }
    })

    it('a machine that is not known yet, and lifts it again', async (context) => {
      const place = await using(context, async (registry) => {
        expect(await registry.ban(machine, '')).toMatchObject({ removed: 0, head: { seq: 1 } })
        expect(await registry.ban(machine, '')).toMatchObject({ removed: 0, head: { seq: 2 } })
        await expect(registry.admit(of(0))).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
        await registry.pardon(machine, 'a slip')
        await registry.admit(of(0))
        await expect(registry.pardon(machine, '')).rejects.toMatchObject({ code: 'USAGE' })
      })
      await place.using(async (registry) => expect(await registry.isRefused(machine)).toBe(false), {
        rebuild: true,
      })
    })

    it('a machine whose admission is under way', (context) =>
      using(context, async (registry) => {
        const [, admission] = await Promise.allSettled([registry.ban(machine, ''), registry.admit(of(0))])
        expect(admission).toMatchObject({ status: 'rejected', reason: { code: 'MACHINE_REFUSED' } })
        expect(await registry.counts()).toMatchObject({ admitted: 0 })
      }))
  })

  describe('shows buckets', () => {
    it('as of the newest head, and nothing that came after it', async (context) => {
      await using(context, async (registry) => {
        await Promise.all(numbers(1030).map((n) => registry.admit(member(n))))
        const head = await registry.cutHead()
        const index = await registry.index()
        await registry.admit(member(1030))
        expect(await registry.index()).toEqual(index)
        if (index === undefined) return expect.unreachable('no index')
        expect(index).toMatchObject({ version: 2, seq: 1, size: 1030 })
        expect(toInteger(rootOfBuckets(slowHasher, rootsIn(index)))).toBe(head.root)
        const [first, second] = [await registry.bucket(0, 1), await registry.bucket(1, 1)]
        expect(parseBucket(first ?? new Uint8Array())[7]?.credential).toBe(credential(7))
        expect(parseBucket(second ?? new Uint8Array())).toHaveLength(6)
        await registry.cutHead()
        expect(await registry.bucket(0, 1)).toBeUndefined()
      })
    })

    it('whose members rotted, but signs nothing over them', async (context) => {
      const place = await using(context, async (registry) => {
        await registry.admit(member(0))
        await registry.cutHead()
      })
      await place.using(async (registry) => {
        const rot = { expiresAt: member(0).expiresAt + 3600 }
        await place.tamper('UPDATE members SET expires_at = $1', rot.expiresAt)
        await registry.admit(member(1))
        await expect(registry.cutHead()).rejects.toMatchObject({ code: 'LOG_CORRUPT' })
        expect((await registry.head()).seq).toBe(1)
      })
      await place.using(
        async (registry) => {
          expect((await registry.cutHead()).root).toBe(rootOf([leafOf(0), leafOf(1)]))
        },
        { rebuild: true },
      )
    })
  })

  it('is read while it is written to, and is not written to by its reader', (context) =>
    using(context, async (registry, { folder }) => {
      await registry.admit(member(0))
      await readRegistry(folder, { now }, async (view) => {
        expect(await view.counts()).toEqual({ admitted: 1, waiting: 1 })
        await registry.admit(member(1))
        expect(await view.counts()).toEqual({ admitted: 2, waiting: 2 })
      })
    }))
})

describe('a registry in a folder', () => {
  it('is not opened where there is none', async () => {
    await expect(open(scratch())).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(readRegistry(scratch(), { now }, async () => 0)).rejects.toMatchObject({
      code: 'FILE_NOT_FOUND',
    })
  })
})

async function recordsOf(registry: Registry): Promise<readonly RegistryRecord[]> {
  const all: RegistryRecord[] = []
  for await (const record of registry.records()) all.push(record)
  return all
}
