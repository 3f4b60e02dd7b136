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
import { openMirror } from '../node/public-folder.js'
import { type Mirror, type RegistrySource, syncRegistry } from '../src/sync.js'
import { MemoryMirror } from '../testing/mirrors.js'
import { scratch } from '../testing/registries.js'

const NOW = 1_800_000_000
const hash = await openHasher()
const signer = new Uint8Array(32).fill(9)
const registryId = new Uint8Array(32).fill(1)
/** When every member expires. */
const END = NOW + 3600
const place = (i: number): LeafContent => ({ credential: BigInt(i + 1), policyId: 5n, expiresAt: END })

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
  const index: BucketIndex = {
    version: 2,
    seq,
    size: places.length,
    roots: concat(...roots),
    changes: new Uint8Array(),
  }
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

/** A copy in memory, and what it has. */
function memory() {
  const mirror = new MemoryMirror()
  return { mirror, buckets: mirror.buckets, head: mirror.head, vanished: mirror.vanished }
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
    expect(await copy.head()).toEqual(more.head)
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
        expect(await copy.head()).toEqual(now.head)
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
    expect(await copy.head()).toBeUndefined()
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
    expect(await copy.head()).toEqual(next.head)
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
    [
      'changes that cannot be read',
      { index: async () => ({ ...first.index, changes: new Uint8Array(35) }) },
      'VALUE_MALFORMED',
    ],
  ])('refuses %s, and keeps no head', async (_, changes, code) => {
    const copy = memory()
    expect(
      await codeOf(syncRegistry({ source: { ...first.source, ...changes }, mirror: copy.mirror, hash })),
    ).toBe(code)
    expect(await copy.head()).toBeUndefined()
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

  test('fetches a place that came and went between two heads: who copies the copy must find it', async () => {
    const copy = memory()
    await syncRegistry({ source: first.source, mirror: copy.mirror, hash })
    const { source, bytes } = registryOf([...few, undefined], 3)
    expect(await syncRegistry({ source, mirror: copy.mirror, hash })).toMatchObject({ fetched: 1 })
    expect(copy.buckets.get(0)).toEqual(bytes[0])
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
      few.with(1, { ...place(1), expiresAt: END + 1 }),
      'HEAD_FORKED',
    ],
    ['removes a member', few, emptied, 'synced'],
    ['removes a member and admits another', few, [...emptied, place(5)], 'synced'],
    ['keeps a removed member out', emptied, [...emptied, place(5)], 'synced'],
    ['fills a place that was empty as long as it is known', emptied, changed, 'synced'],
  ])('of a registry that %s between two signed heads', async (_, before, after, outcome) => {
    const copy = memory()
    await syncRegistry({ source: registryOf(before, 1).source, mirror: copy.mirror, hash })
    const [kept, bucket] = [await copy.head(), copy.buckets.get(0)]
    const next = registryOf(after, 2)
    expect(await codeOf(syncRegistry({ source: next.source, mirror: copy.mirror, hash }))).toBe(outcome)
    expect(await copy.head()).toEqual(outcome === 'synced' ? next.head : kept)
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

  test('of a registry that drops empty places behind a sync that it interrupted', async () => {
    const copy = memory()
    await syncRegistry({ source: first.source, mirror: copy.mirror, hash })
    const grown = registryOf([...few, ...many.slice(5).map(() => undefined)], 2)
    await codeOf(syncRegistry({ source: interrupted(grown.source), mirror: copy.mirror, hash }))
    const shorter = registryOf(few, 3)
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
    expect(await copy.head()).toEqual(first.head)
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
    expect(await copy.head()).toEqual(later.head)
  })
})

describe('the place of a member', () => {
  const other = few.with(1, place(77))
  const emptied = few.with(1, undefined)
  const later = [...emptied, place(5)]

  /** Syncs with one head after the other, and answers with what became of the last one. */
  async function through(mirror: Mirror, ...heads: readonly (readonly [places: Places, time: number])[]) {
    const outcomes: string[] = []
    for (const [i, [places, time]] of heads.entries()) {
      const { source } = registryOf(places, i + 1, { time })
      outcomes.push(await codeOf(syncRegistry({ source, mirror, hash, now: () => time })))
    }
    expect(outcomes.slice(0, -1)).toEqual(outcomes.slice(0, -1).map(() => 'synced'))
    return outcomes.at(-1)
  }

  test('does not expire by a head of next year: the reader’s own clock counts, and may be a quarter of an hour behind', async () => {
    for (const [behind, outcome] of [
      [900, 'synced'],
      [901, 'HEAD_FORKED'],
    ] as const) {
      const { mirror } = memory()
      const now = () => END + 1 - behind
      await syncRegistry({ source: registryOf(few, 1).source, mirror, hash, now })
      const ahead = registryOf(other, 2, { time: END + 31_536_000 })
      expect(await codeOf(syncRegistry({ source: ahead.source, mirror, hash, now }))).toBe(outcome)
    }
  })

  test.each<[string, readonly (readonly [Places, number])[], ErrorCode | 'synced']>([
    ['is no other’s in the second in which it expires', [[other, END]], 'HEAD_FORKED'],
    ['is another’s once it has expired', [[other, END + 1]], 'synced'],
    [
      'is emptied once it has expired, and then another’s',
      [
        [emptied, END + 1],
        [other, END + 1],
      ],
      'synced',
    ],
    [
      'that was removed is not its own again',
      [
        [emptied, NOW + 1],
        [few, NOW + 2],
      ],
      'HEAD_FORKED',
    ],
    [
      'that was removed is no other’s',
      [
        [emptied, NOW + 1],
        [other, NOW + 2],
      ],
      'HEAD_FORKED',
    ],
    [
      'that was removed is no other’s in its last second',
      [
        [emptied, NOW + 1],
        [other, END],
      ],
      'HEAD_FORKED',
    ],
    [
      'that was removed is no other’s after many heads',
      [
        [emptied, NOW + 1],
        [later, NOW + 2],
        [[...later, place(6)], NOW + 3],
        [[...other, place(5), place(6)], END],
      ],
      'HEAD_FORKED',
    ],
    [
      'that was removed is another’s once it would have expired',
      [
        [emptied, NOW + 1],
        [other, END + 1],
      ],
      'synced',
    ],
    [
      'that was another’s meanwhile expires with that one',
      [
        [few.with(1, { ...place(77), expiresAt: END + 60 }), END + 1],
        [few.with(1, place(78)), END + 60],
      ],
      'HEAD_FORKED',
    ],
  ])('%s', async (_, heads, outcome) => {
    expect(await through(memory().mirror, [few, NOW], ...heads)).toBe(outcome)
  })

  test('is remembered from head to head until it would have expired, and no longer', async () => {
    const copy = memory()
    const steps = [
      [few, NOW, []],
      [emptied, NOW + 1, [[1, END]]],
      [
        [...emptied.with(3, undefined), place(5)],
        NOW + 2,
        [
          [1, END],
          [3, END],
        ],
      ],
      [
        [...emptied.with(3, undefined), place(5), place(6)],
        END,
        [
          [1, END],
          [3, END],
        ],
      ],
      [[...other.with(3, undefined), place(5), place(6)], END + 1, []],
    ] as const
    for (const [i, [places, time, vanished]] of steps.entries()) {
      await syncRegistry({
        source: registryOf(places, i + 1, { time }).source,
        mirror: copy.mirror,
        hash,
        now: () => time,
      })
      expect([...(await copy.vanished())]).toEqual(vanished)
    }
  })

  test('is remembered over a sync that was interrupted, and by the folder of a copy', async () => {
    const folder = scratch()
    const removed = many.with(1, undefined).with(-1, undefined)
    await through(await openMirror(folder), [many, NOW])
    const breaking = interrupted(registryOf(removed, 2).source)
    const syncing = syncRegistry({ source: breaking, mirror: await openMirror(folder), hash })
    expect(await codeOf(syncing)).toBe('REGISTRY_UNREACHABLE')
    expect([...(await (await openMirror(folder)).vanished())]).toEqual([[1, END]])
    const back = registryOf(removed.with(1, place(1)), 3, { time: END })
    expect(await codeOf(syncRegistry({ source: back.source, mirror: await openMirror(folder), hash }))).toBe(
      'HEAD_FORKED',
    )
  })
})
