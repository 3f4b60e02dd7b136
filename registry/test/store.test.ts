import { rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  emptySubtree,
  isHeadSigned,
  parseHead,
  REGISTRY_DEPTH,
  registryLeaf,
  toInteger,
} from '@vouch/protocol'
import type { LogRecord } from '@vouch/protocol/registrar-folder'
import { describe, expect, it } from 'vitest'
import { createRegistry } from '../node/store/index.js'
import {
  ID,
  member,
  NOW,
  newFolder,
  now,
  open,
  POLICY,
  rootOf,
  SIGNER,
  scratch,
  using,
} from '../testing/registries.js'

const leafOf = (n: number) => registryLeaf(member(n).credential, POLICY, member(n).expiresAt)
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('a new registry', () => {
  it('has a signed head over the empty tree, where verifiers look for it', async () => {
    const folder = await newFolder()
    const head = parseHead(await readFile(join(folder, 'head.json')))
    expect(isHeadSigned(head)).toBe(true)
    const root = emptySubtree(REGISTRY_DEPTH)
    expect(head).toMatchObject({ registryId: ID, seq: 0, size: 0, root, previousRoot: 0n, time: NOW })
    await using(folder, async (registry) => expect(registry.head).toEqual(head))
  })

  it('takes no folder that has one', async () => {
    const folder = await newFolder()
    const again = createRegistry(folder, { id: ID, signer: SIGNER, now })
    await expect(again).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('is not opened where there is none', async () => {
    await expect(open(scratch())).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
  })
})

describe('an admission', () => {
  it('gives the leaf that the protocol defines, at the next index', async () => {
    await using(await newFolder(), async (registry) => {
      expect(await registry.admit(member(0))).toEqual({ index: 0, leaf: leafOf(0) })
      expect(await registry.admit(member(1))).toEqual({ index: 1, leaf: leafOf(1) })
      expect((await registry.cutHead()).root).toBe(rootOf([leafOf(0), leafOf(1)]))
    })
  })

  it('is there after the registry was closed, with its evidence', async () => {
    const folder = await newFolder()
    await using(folder, (registry) => registry.admit(member(0)))
    await using(folder, async (registry) => {
      expect(registry.size).toBe(1)
      expect(registry.find(member(0).credential)).toMatchObject({ index: 0, expiresAt: member(0).expiresAt })
      expect(registry.isNonceUsed(member(0).nonce, member(0).credential)).toBe(true)
      expect(registry.isNonceUsed(member(1).nonce, member(0).credential)).toBe(false)
      const [admission] = (await recordsOf(registry.records())).filter(({ kind }) => kind === 'admission')
      if (admission?.kind !== 'admission') return expect.unreachable('no admission in the log')
      expect(await registry.readEvidence(admission.admission.evidence)).toEqual(member(0).evidence)
    })
  })

  it('is refused for a nonce or a credential that was used, at any distance', async () => {
    const folder = await newFolder()
    const other = { ...member(0), nonce: member(1).nonce }
    await using(folder, async (registry) => {
      const together = await Promise.allSettled(
        [member(0), member(0), other].map((one) => registry.admit(one)),
      )
      expect(
        together.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'admitted')),
      ).toEqual(['admitted', 'NONCE_USED', 'CREDENTIAL_REFUSED'])
    })
    await using(folder, async (registry) => {
      await expect(registry.admit(member(0))).rejects.toMatchObject({ code: 'NONCE_USED' })
      await expect(registry.admit(other)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' })
      expect(registry.size).toBe(1)
    })
  })

  it.each([
    ['a nonce of another length', { nonce: new Uint8Array(31) }, 'VALUE_MALFORMED'],
    ['a credential that is no field element', { credential: -1n }, 'VALUE_OUT_OF_RANGE'],
    ['a policy that is none', { policyId: 2n ** 249n }, 'VALUE_OUT_OF_RANGE'],
    ['evidence without end', { evidence: new Uint8Array(2 ** 20 + 1) }, 'TOO_LARGE'],
  ])('with %s is refused alone', async (_, change, code) => {
    await using(await newFolder(), async (registry) => {
      const bad = registry.admit(member(0, change))
      const good = registry.admit(member(1))
      await expect(bad).rejects.toMatchObject({ code })
      expect(await good).toMatchObject({ index: 0 })
    })
  })
})

describe('the quota', () => {
  const machine = new Uint8Array(32).fill(9)
  const same = (n: number, expiresAt = NOW + 3600) => member(n, { machine, quota: 2, expiresAt })

  it('counts live leaves of one machine under one policy, also those that come together', async () => {
    await using(await newFolder(), async (registry) => {
      const outcomes = await Promise.allSettled(numbers(4).map((n) => registry.admit(same(n))))
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
      await expect(registry.admit(same(5))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
      await registry.admit(member(6, { machine, policyId: POLICY + 1n, quota: 2 }))
      await registry.admit(member(7, { machine }))
      expect(registry.liveLeaves(machine, POLICY)).toBe(3)
    })
  })

  it('forgets leaves that expired or were removed', async () => {
    const folder = await newFolder()
    await using(folder, async (registry) => {
      await registry.admit(same(0, NOW - 1))
      await registry.admit(same(1))
      await registry.admit(same(2))
      await registry.remove(1, 'sold')
    })
    await using(folder, async (registry) => {
      expect(registry.liveLeaves(machine, POLICY)).toBe(1)
      await registry.admit(same(3))
      await expect(registry.admit(same(4))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
    })
  })
})

describe('heads', () => {
  it('are cut when something changed, and name the root before', async () => {
    await using(await newFolder(), async (registry) => {
      const first = registry.head
      expect(await registry.cutHead()).toEqual(first)
      await registry.admit(member(0))
      const second = await registry.cutHead()
      expect(second).toMatchObject({ seq: 1, size: 1, root: leafRoot(1), previousRoot: first.root })
      expect(isHeadSigned(second)).toBe(true)
      const third = await registry.cutHead({ evenIfUnchanged: true })
      expect(third).toMatchObject({ seq: 2, size: 1, root: second.root, previousRoot: second.root })
      expect(registry.heads(0, 10)).toEqual([first, second, third])
      expect(registry.heads(1, 1)).toEqual([second])
      expect(registry.heads(3, 5)).toEqual([])
    })
  })

  it('never go back in time with the clock', async () => {
    const folder = await newFolder()
    await using(
      folder,
      async (registry) => {
        await registry.admit(member(0))
        expect((await registry.cutHead()).time).toBe(NOW)
      },
      { now: () => NOW - 1000 },
    )
  })

  it('are not cut without the key', async () => {
    const folder = await newFolder()
    await using(
      folder,
      async (registry) => {
        await registry.admit(member(0))
        await expect(registry.cutHead()).rejects.toMatchObject({ code: 'USAGE' })
        await expect(registry.remove(0, '')).rejects.toMatchObject({ code: 'USAGE' })
      },
      { signer: undefined },
    )
  })
})

describe('a removal', () => {
  it('refuses every earlier root at once, and bans the credential for ever', async () => {
    const folder = await newFolder()
    await using(folder, async (registry) => {
      for (const n of numbers(3)) await registry.admit(member(n))
      await registry.cutHead()
      const head = await registry.remove(1, 'lost')
      expect(head).toMatchObject({
        seq: 2,
        size: 3,
        previousRoot: 0n,
        root: rootOf([leafOf(0), 0n, leafOf(2)]),
      })
      expect(parseHead(await readFile(join(folder, 'head.json')))).toEqual(head)
    })
    rmSync(join(folder, 'index'), { recursive: true })
    await using(folder, async (registry) => {
      const again = member(1, { nonce: member(9).nonce })
      await expect(registry.admit(again)).rejects.toMatchObject({ code: 'CREDENTIAL_REFUSED' })
      expect(registry.find(member(1).credential)).toMatchObject({ index: 1, removed: true })
    })
  })

  it('names a leaf that is there', async () => {
    await using(await newFolder(), async (registry) => {
      await registry.admit(member(0))
      await registry.remove(0, '')
      for (const index of [0, 1, -1, 0.5])
        await expect(registry.remove(index, '')).rejects.toMatchObject({ code: 'LEAF_MISSING' })
      await registry.admit(member(1))
      await expect(registry.remove(1, 'x'.repeat(1025))).rejects.toMatchObject({ code: 'TOO_LARGE' })
    })
  })

  it('takes its turn among admissions', async () => {
    await using(await newFolder(), async (registry) => {
      await registry.admit(member(0))
      const [, head] = await Promise.all([
        registry.admit(member(1)),
        registry.remove(0, ''),
        registry.admit(member(2)),
      ])
      expect(head.root).toBe(rootOf(head.size === 3 ? [0n, leafOf(1), leafOf(2)] : [0n, leafOf(1)]))
    })
  })
})

describe('a ban', () => {
  const machine = new Uint8Array(32).fill(9)
  const of = (n: number) => member(n, { machine })

  it('empties every leaf of a machine in one record, and refuses it from then on, also without the index', async () => {
    const folder = await newFolder()
    await using(folder, async (registry) => {
      for (const n of [0, 2]) await registry.admit(of(n))
      await registry.admit(member(1))
      const before = (await recordsOf(registry.records())).length
      const { indexes, head } = await registry.ban(machine, 'its host was broken into')
      expect(indexes).toEqual([0, 1])
      expect(head).toMatchObject({ size: 3, previousRoot: 0n, root: rootOf([0n, 0n, leafOf(1)]) })
      const records = await recordsOf(registry.records())
      expect(records).toHaveLength(before + 1)
      const reason = new TextEncoder().encode('its host was broken into')
      expect(records.at(-1)).toEqual({ kind: 'ban', ban: { machine, reason, head } })
      await expect(registry.admit(of(3))).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
    })
    for (const rebuild of [false, true]) {
      await using(
        folder,
        async (registry) => {
          expect(registry.refusedMachines).toEqual([machine])
          expect(registry.find(of(2).credential)?.removed).toBe(true)
          await expect(registry.admit(of(3))).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
          await registry.admit(member(4 + Number(rebuild)))
        },
        { rebuild },
      )
    }
  })

  it('of a machine that nobody knows yet keeps it out, and one that is lifted lets it in', async () => {
    const folder = await newFolder()
    await using(folder, async (registry) => {
      expect(await registry.ban(machine, '')).toMatchObject({ indexes: [], head: { seq: 1 } })
      await expect(registry.admit(of(0))).rejects.toMatchObject({ code: 'MACHINE_REFUSED' })
      await registry.pardon(machine, 'a slip')
      await registry.admit(of(0))
      await expect(registry.pardon(machine, '')).rejects.toMatchObject({ code: 'USAGE' })
    })
    await using(folder, async (registry) => expect(registry.isRefused(machine)).toBe(false), {
      rebuild: true,
    })
  })

  it('is heeded by admissions that were under way', async () => {
    await using(await newFolder(), async (registry) => {
      const [, admission] = await Promise.allSettled([registry.ban(machine, ''), registry.admit(of(0))])
      expect(admission).toMatchObject({ status: 'rejected', reason: { code: 'MACHINE_REFUSED' } })
      expect(registry.size).toBe(0)
    })
  })
})

describe('an admission that fails where nobody expects it', () => {
  it('is told to all who wait for it, and the registry goes on', async () => {
    let fails = false
    const moody = () => {
      if (fails) throw new Error('no clock')
      return NOW
    }
    await using(
      await newFolder(),
      async (registry) => {
        fails = true
        const both = [member(0), member(1)].map((one) => registry.admit(one))
        const outcomes = await Promise.allSettled(both)
        expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
        fails = false
        expect(await registry.admit(member(0))).toMatchObject({ index: 0 })
      },
      { now: moody },
    )
  })
})

describe('buckets', () => {
  it('show the newest head, and nothing that came after it', async () => {
    const folder = await newFolder()
    await using(folder, async (registry) => {
      await Promise.all(numbers(1030).map((n) => registry.admit(member(n))))
      const head = await registry.cutHead()
      const whole = registry.bucketRoots()
      await registry.admit(member(1030))
      expect(registry.bucket(1)).toHaveLength(6 * 32)
      expect(registry.bucketRoots()).toEqual(whole)
      const first = registry.bucket(0)
      expect(first).toHaveLength(1024 * 32)
      expect(toInteger(first.subarray(32 * 7, 32 * 8))).toBe(leafOf(7))
      expect(head.size).toBe(1030)
      expect(() => registry.bucket(2)).toThrow("a bucket's number must be below 2")
    })
    await using(folder, async (registry) => expect(registry.bucketRoots()).toHaveLength(2))
  })
})

function leafRoot(count: number): bigint {
  return rootOf(numbers(count).map(leafOf))
}

async function recordsOf(records: AsyncIterable<LogRecord>): Promise<readonly LogRecord[]> {
  const all: LogRecord[] = []
  for await (const record of records) all.push(record)
  return all
}
