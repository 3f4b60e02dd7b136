import { openHasher } from '@vouch/circuits'
import type { AdmissionPolicy } from '@vouch/evidence'
import {
  BUCKET_LEAVES,
  type BucketIndex,
  bucketCount,
  concat,
  EMPTY_LEAF,
  type ErrorCode,
  equalBytes,
  fieldToBytes,
  fixedRoot,
  type Head,
  type LeafContent,
  leafOf,
  leavesInBucket,
  parseBucket,
  parseBucketIndex,
  placeBytes,
  printBucketIndex,
  REGISTRY_DEPTH,
  rootOfBucket,
  rootOfBuckets,
  rootsIn,
  signHead,
  toInteger,
  VouchError,
} from '@vouch/protocol'
import { describe, expect, test } from 'vitest'
import { type Mirror, type RegistrySource, syncRegistry } from '../src/sync.js'

const NOW = 1_800_000_000
const hash = await openHasher()
const signer = new Uint8Array(32).fill(9)
const registryId = new Uint8Array(32).fill(1)
const place = (i: number): LeafContent => ({ credential: BigInt(i + 1), policyId: 5n, expiresAt: NOW })

/** A registry whose places are given, as it would be served. */
function registryOf(places: readonly (LeafContent | undefined)[], seq: number, changes: Partial<Head> = {}) {
  const buckets = Array.from({ length: bucketCount(places.length) }, (_, number) => {
    const start = number * BUCKET_LEAVES
    return places.slice(start, start + leavesInBucket(number, places.length))
  })
  const roots = buckets.map((bucket) => rootOfBucket(hash, bucket))
  const root = toInteger(rootOfBuckets(hash, roots))
  const head = signHead(
    { registryId, seq, size: places.length, root, previousRoot: 0n, time: NOW + seq, ...changes },
    signer,
  )
  const index: BucketIndex = { version: 1, seq, size: places.length, roots: concat(...roots) }
  const bytes = buckets.map((bucket) => concat(...bucket.map(placeBytes)))
  const asked: number[] = []
  const source: RegistrySource = {
    head: async () => head,
    index: async () => index,
    bucket: async (number) => {
      asked.push(number)
      return bytes[number] ?? new Uint8Array()
    },
  }
  return { head, index, bytes, source, asked }
}

/** A copy in memory. */
function memory() {
  const buckets = new Map<number, Uint8Array>()
  let kept: { head: Head; index: BucketIndex } | undefined
  let policies: readonly AdmissionPolicy[] = []
  const mirror: Mirror = {
    head: async () => kept?.head,
    index: async () => kept?.index,
    policies: async () => policies,
    bucket: async (number) => buckets.get(number),
    keepPolicies: async (given) => {
      policies = given
    },
    keepBucket: async (number, bytes) => void buckets.set(number, bytes),
    keepHead: async (head, index) => {
      kept = { head, index }
    },
  }
  return { mirror, buckets, head: () => kept?.head }
}

/** What a server of this registry is asked for, in order. */
function overheard(source: RegistrySource) {
  const asked: string[] = []
  const noted = <T>(what: string, answer: Promise<T>): Promise<T> => {
    asked.push(what)
    return answer
  }
  const listening: RegistrySource = {
    head: () => noted('head', source.head()),
    index: () => noted('index', source.index()),
    policies: () => noted('policies', source.policies?.() ?? Promise.resolve([])),
    bucket: (number) => noted(`${number}`, source.bucket(number)),
  }
  return { source: listening, asked }
}

/** A source that answers for its first bucket, and no more. */
const interrupted = (source: RegistrySource): RegistrySource => ({
  ...source,
  bucket: async (number) => {
    if (number === 0) return source.bucket(0)
    throw new VouchError('REGISTRY_UNREACHABLE', { rule: 'the line must hold' })
  },
})

async function codeOf(syncing: Promise<unknown>): Promise<ErrorCode | 'synced'> {
  try {
    await syncing
    return 'synced'
  } catch (error) {
    if (error instanceof VouchError) return error.code
    throw error
  }
}

type Places = readonly (LeafContent | undefined)[]
const few: Places = Array.from({ length: 5 }, (_, i) => place(i))
const many: Places = Array.from({ length: BUCKET_LEAVES + 3 }, (_, i) => place(i))
const first = registryOf(few, 1)

describe('buckets', () => {
  test('lead to the root of the whole tree', () => {
    const leaves = [0, 1, 2, 3, 4].map((i) => toInteger(leafOf(hash, place(i))))
    expect(first.head.root).toBe(fixedRoot(REGISTRY_DEPTH, leaves))
    expect(rootOfBuckets(hash, [])).toEqual(fieldToBytes(fixedRoot(REGISTRY_DEPTH, [])))
  })

  test('hold what leaves are made of, and zeros where one was removed', () => {
    const bytes = concat(placeBytes(place(0)), placeBytes(undefined), placeBytes(place(2)))
    expect(parseBucket(bytes)).toEqual([place(0), undefined, place(2)])
    const removed = rootOfBucket(hash, [place(0), undefined])
    expect(equalBytes(removed, rootOfBucket(hash, [place(0)]))).toBe(true)
    expect(EMPTY_LEAF).toEqual(new Uint8Array(32))
  })

  test.each<[string, Uint8Array]>([
    ['part of a place', new Uint8Array(71)],
    ['more places than a bucket has', new Uint8Array(72 * (BUCKET_LEAVES + 1))],
    ['a credential that is no field element', new Uint8Array(72).fill(0xff)],
  ])('of %s are refused', (_, bytes) => {
    expect(() => parseBucket(bytes)).toThrow(VouchError)
  })

  test('an index survives its file, and has a root for each bucket', () => {
    expect(parseBucketIndex(printBucketIndex(first.index))).toEqual(first.index)
    expect(() => rootsIn({ ...first.index, size: BUCKET_LEAVES + 1 })).toThrow('2 bucket roots')
  })
})

describe('syncing', () => {
  test('fetches all once, then nothing, then what has changed', async () => {
    const copy = memory()
    const grown = registryOf(many, 1)
    expect(await syncRegistry({ source: grown.source, mirror: copy.mirror, hash })).toMatchObject({
      fetched: 2,
      buckets: 2,
    })
    expect(await syncRegistry({ source: grown.source, mirror: copy.mirror, hash })).toMatchObject({
      fetched: 0,
    })
    const more = registryOf([...many, place(5000)], 2)
    expect(await syncRegistry({ source: more.source, mirror: copy.mirror, hash })).toMatchObject({
      fetched: 1,
    })
    expect(more.asked).toEqual([1])
    expect(copy.head()).toEqual(more.head)
  })

  describe('by one sequence', () => {
    const three: Places = Array.from({ length: 2 * BUCKET_LEAVES + 1 }, (_, i) => place(i))
    const before = registryOf(three.slice(0, BUCKET_LEAVES + 1), 1)
    const lately = registryOf(three, 2)
    const now = registryOf([...three, place(9999)], 3)
    const removed = registryOf([...three.with(7, undefined), place(9999)], 4)
    const seenBy = async ({ source }: Pick<typeof now, 'source'>, { mirror }: ReturnType<typeof memory>) => {
      const { source: listening, asked } = overheard(source)
      await syncRegistry({ source: listening, mirror, hash, recentBuckets: 2 })
      return asked.join(' ')
    }
    const LAST_TWO = 'head index policies 1 2'
    const ALL = 'head index policies 0 1 2'

    test('asks for the same whether much came since, little or nothing', async () => {
      for (const seen of [before, lately, now]) {
        const copy = memory()
        await seenBy(seen, copy)
        expect(await seenBy(now, copy)).toBe(LAST_TWO)
        expect(copy.head()).toEqual(now.head)
      }
    })

    test('asks for all where the last ones do not do, and never for those that it lacks', async () => {
      const [none, some, behind] = [memory(), memory(), memory()]
      await seenBy(now, some)
      some.buckets.delete(0)
      await seenBy(now, behind)
      expect(await seenBy(now, none)).toBe(ALL)
      expect(await seenBy(now, some)).toBe(ALL)
      expect(await seenBy(removed, behind)).toBe(ALL)
      expect(await seenBy(removed, behind)).toBe(LAST_TWO)
    })

    test('asks again for what an interrupted one had fetched: what is kept does not show', async () => {
      const copy = memory()
      const { source, asked } = overheard(now.source)
      const syncing = syncRegistry({
        source: interrupted(source),
        mirror: copy.mirror,
        hash,
        recentBuckets: 2,
      })
      expect(await codeOf(syncing)).toBe('REGISTRY_UNREACHABLE')
      expect(asked.join(' ')).toBe('head index policies 0')
      expect(await seenBy(now, copy)).toBe(ALL)
    })

    test('takes no leaf that does not lead to the head, though it was kept before', async () => {
      const copy = memory()
      await seenBy(now, copy)
      const lying = { ...now.source, bucket: async () => new Uint8Array(72) }
      const syncing = syncRegistry({ source: lying, mirror: copy.mirror, hash, recentBuckets: 2 })
      expect(await codeOf(syncing)).toBe('LEAVES_FALSE')
    })
  })

  test('keeps what the server says of policies, and stops for none that cannot be read', async () => {
    const copy = memory()
    const document = { name: 'as it was read' } as AdmissionPolicy
    const sync = (policies: NonNullable<RegistrySource['policies']>) =>
      syncRegistry({ source: { ...first.source, policies }, mirror: copy.mirror, hash })
    await sync(async () => [document])
    await sync(() => Promise.reject(new VouchError('REGISTRY_UNREACHABLE', { rule: 'there must be some' })))
    expect(await copy.mirror.policies()).toEqual([document])
    const gaveUp = sync(() => Promise.reject(new VouchError('CANCELLED', { rule: 'she gave up' })))
    expect(await codeOf(gaveUp)).toBe('CANCELLED')
    await expect(sync(() => Promise.reject(new Error('a bug of ours')))).rejects.toThrow('a bug of ours')
  })

  test('goes on where it was interrupted', async () => {
    const copy = memory()
    const whole = registryOf(many, 1)
    const failing = interrupted(whole.source)
    expect(await codeOf(syncRegistry({ source: failing, mirror: copy.mirror, hash }))).toBe(
      'REGISTRY_UNREACHABLE',
    )
    expect(copy.head()).toBeUndefined()
    expect(await syncRegistry({ source: whole.source, mirror: copy.mirror, hash })).toMatchObject({
      fetched: 1,
    })
  })

  test('reads again when a head was cut meanwhile', async () => {
    const next = registryOf([...few, place(5)], 2)
    let reads = 0
    const moving: RegistrySource = {
      ...next.source,
      head: async () => (reads++ === 0 ? first.head : next.head),
    }
    const copy = memory()
    await syncRegistry({ source: moving, mirror: copy.mirror, hash })
    expect(copy.head()).toEqual(next.head)
  })

  test.each<[string, Partial<RegistrySource>, ErrorCode]>([
    [
      'a head that nobody signed',
      { head: async () => ({ ...first.head, time: NOW }) },
      'HEAD_SIGNATURE_FALSE',
    ],
    [
      'leaves that are not those',
      { bucket: async () => concat(...few.map(placeBytes).reverse()) },
      'LEAVES_FALSE',
    ],
    ['a leaf too few', { bucket: async () => concat(...few.slice(1).map(placeBytes)) }, 'LEAVES_FALSE'],
    [
      'roots that lead elsewhere',
      { index: async () => ({ ...first.index, roots: new Uint8Array(32) }) },
      'LEAVES_FALSE',
    ],
  ])('refuses %s, and keeps no head', async (_, changes, code) => {
    const copy = memory()
    expect(
      await codeOf(syncRegistry({ source: { ...first.source, ...changes }, mirror: copy.mirror, hash })),
    ).toBe(code)
    expect(copy.head()).toBeUndefined()
  })

  test('refuses another registry and another signer than were named', async () => {
    const other = new Uint8Array(32)
    const parameters = { source: first.source, mirror: memory().mirror }
    expect(await codeOf(syncRegistry({ ...parameters, expected: { registryId: other } }))).toBe(
      'REGISTRY_NOT_ACCEPTED',
    )
    expect(await codeOf(syncRegistry({ ...parameters, expected: { signer: other } }))).toBe(
      'SIGNER_NOT_ACCEPTED',
    )
  })

  test('refuses another registry than was named, though it is the one that is kept here', async () => {
    const copy = memory()
    await syncRegistry({ source: first.source, mirror: copy.mirror, hash })
    const expected = { registryId: new Uint8Array(32) }
    expect(await codeOf(syncRegistry({ source: first.source, mirror: copy.mirror, hash, expected }))).toBe(
      'REGISTRY_NOT_ACCEPTED',
    )
  })

  test('fetches a bucket again that went missing here', async () => {
    const copy = memory()
    await syncRegistry({ source: first.source, mirror: copy.mirror, hash })
    copy.buckets.delete(0)
    expect(await syncRegistry({ source: first.source, mirror: copy.mirror, hash })).toMatchObject({
      fetched: 1,
    })
    expect(copy.buckets.has(0)).toBe(true)
  })

  const changed = few.with(1, place(77))
  const emptied = few.with(1, undefined)
  test.each<[string, Places, Places, ErrorCode | 'synced']>([
    ['swaps a member for another', few, changed, 'HEAD_FORKED'],
    ['swaps a member, and hides it behind new ones', few, [...changed, place(5)], 'HEAD_FORKED'],
    ['swaps a member while others come in between', few, [...changed, ...many.slice(5)], 'HEAD_FORKED'],
    [
      'changes until when a member is in force',
      few,
      few.with(1, { ...place(1), expiresAt: NOW + 1 }),
      'HEAD_FORKED',
    ],
    ['brings a removed member back', emptied, few, 'HEAD_FORKED'],
    ['fills the place of a removed member', emptied, changed, 'HEAD_FORKED'],
    ['removes a member', few, emptied, 'synced'],
    ['removes a member and admits another', few, [...emptied, place(5)], 'synced'],
    ['keeps a removed member out', emptied, [...emptied, place(5)], 'synced'],
  ])('of a registry that %s between two signed heads', async (_, before, after, outcome) => {
    const copy = memory()
    await syncRegistry({ source: registryOf(before, 1).source, mirror: copy.mirror, hash })
    const [kept, bucket] = [copy.head(), copy.buckets.get(0)]
    const next = registryOf(after, 2)
    expect(await codeOf(syncRegistry({ source: next.source, mirror: copy.mirror, hash }))).toBe(outcome)
    expect(copy.head()).toEqual(outcome === 'synced' ? next.head : kept)
    if (outcome !== 'synced') expect(copy.buckets.get(0)).toEqual(bucket)
  })

  test('of a registry that swaps a member behind a sync that it interrupted', async () => {
    const copy = memory()
    await syncRegistry({ source: registryOf(many, 1).source, mirror: copy.mirror, hash })
    const removed = registryOf(many.with(1, undefined).with(-1, undefined), 2)
    const breaking = interrupted(removed.source)
    expect(await codeOf(syncRegistry({ source: breaking, mirror: copy.mirror, hash }))).toBe(
      'REGISTRY_UNREACHABLE',
    )
    const swapped = registryOf(many.with(1, undefined).with(2, place(7777)), 3)
    expect(await codeOf(syncRegistry({ source: swapped.source, mirror: copy.mirror, hash }))).toBe(
      'HEAD_FORKED',
    )
  })

  test('of a registry that drops leaves behind a sync that it interrupted', async () => {
    const copy = memory()
    await syncRegistry({ source: first.source, mirror: copy.mirror, hash })
    const grown = registryOf(many, 2)
    const breaking = interrupted(grown.source)
    await codeOf(syncRegistry({ source: breaking, mirror: copy.mirror, hash }))
    const shorter = registryOf([...few, place(5)], 3)
    expect(await codeOf(syncRegistry({ source: shorter.source, mirror: copy.mirror, hash }))).toBe(
      'HEAD_FORKED',
    )
  })

  test.each<[string, Partial<Head>]>([
    ['another time', { time: NOW + 2 }],
    ['another root before it', { previousRoot: 5n }],
  ])('of two heads of one number, of which one names %s', async (_, changes) => {
    const copy = memory()
    await syncRegistry({ source: first.source, mirror: copy.mirror, hash })
    const twin = registryOf(few, 1, changes)
    expect(await codeOf(syncRegistry({ source: twin.source, mirror: copy.mirror, hash }))).toBe('HEAD_FORKED')
    expect(copy.head()).toEqual(first.head)
  })

  test('notices a rewound registry, and one that shows two histories', async () => {
    const copy = memory()
    const later = registryOf([...few, place(5)], 2)
    await syncRegistry({ source: later.source, mirror: copy.mirror, hash })
    expect(await codeOf(syncRegistry({ source: first.source, mirror: copy.mirror, hash }))).toBe(
      'HEAD_TOO_OLD',
    )
    const forked = registryOf([...few, place(6)], 2)
    expect(await codeOf(syncRegistry({ source: forked.source, mirror: copy.mirror, hash }))).toBe(
      'HEAD_FORKED',
    )
    const shrunk = registryOf(few, 3)
    expect(await codeOf(syncRegistry({ source: shrunk.source, mirror: copy.mirror, hash }))).toBe(
      'HEAD_FORKED',
    )
    expect(copy.head()).toEqual(later.head)
  })
})
