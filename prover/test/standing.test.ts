import { openHasher } from '@vouch/circuits'
import {
  BUCKET_LEAVES,
  bucketCount,
  type Credential,
  changeBytes,
  concat,
  EMPTY_LEAF,
  equalBytes,
  fromInteger,
  type Head,
  type LeafContent,
  leafOf,
  leavesOf,
  P,
  type PlaceChange,
  placeBytes,
  REGISTRY_DEPTH,
  rootOfBucket,
  rootOfBuckets,
  rootOfPath,
  signHead,
  slowHasher,
  toInteger,
} from '@vouch/protocol'
import type { Mirror } from '@vouch/registry'
import { describe, expect, test } from 'vitest'
import { type Copy, credentialOf, openCopy, pathAt, standingAt, undoneFor } from '../src/standing.js'

type Places = readonly (LeafContent | undefined)[]

const hash = await openHasher()
const place = (i: number): LeafContent => ({ credential: BigInt(i + 1), policyId: 5n, expiresAt: 3600 })
const many = Array.from({ length: BUCKET_LEAVES + 3 }, (_, i) => place(i))

function bucketsOf(places: Places) {
  return Array.from({ length: bucketCount(places.length) }, (_, n) =>
    places.slice(n * BUCKET_LEAVES, (n + 1) * BUCKET_LEAVES),
  )
}

const rootOf = (places: Places): bigint =>
  toInteger(
    rootOfBuckets(
      hash,
      bucketsOf(places).map((bucket) => rootOfBucket(hash, bucket)),
    ),
  )

/** What a head changes that makes one of the other. */
function changesBetween(before: Places, after: Places): readonly PlaceChange[] {
  const [earlier, later] = [leavesOf(hash, before), leavesOf(hash, after)]
  return later.flatMap((leaf, i) => {
    const was = earlier[i] ?? EMPTY_LEAF
    return equalBytes(was, leaf) ? [] : [{ place: i, before: was }]
  })
}

interface Served {
  readonly previousRoot: bigint
  readonly changes: readonly PlaceChange[]
  readonly hasher?: typeof hash
}

function copyOf(places: Places, { previousRoot, changes, hasher = hash }: Served): Promise<Copy> {
  const buckets = bucketsOf(places)
  const roots = concat(...buckets.map((bucket) => rootOfBucket(hash, bucket)))
  const size = places.length
  const content = { registryId: new Uint8Array(32), seq: 3, size, previousRoot, time: 0 }
  const head: Head = signHead({ ...content, root: rootOf(places) }, new Uint8Array(32).fill(1))
  const mirror: Pick<Mirror, 'head' | 'index' | 'bucket'> = {
    head: async () => head,
    index: async () => ({ version: 2, seq: 3, size, roots, changes: changeBytes(changes) }),
    bucket: async (number) => concat(...(buckets[number] ?? []).map(placeBytes)),
  }
  return openCopy(mirror as Mirror, hasher)
}

/** A copy whose head followed another, by the word of a server that is honest. */
const following = (before: Places, after: Places, hasher = hash): Promise<Copy> =>
  copyOf(after, { previousRoot: rootOf(before), changes: changesBetween(before, after), hasher })

/** What is undone at the predecessor's root. The test ends where it is not found. */
async function undoneIn(copy: Copy): Promise<ReadonlyMap<number, Uint8Array>> {
  const undone = await undoneFor(copy, copy.head.previousRoot)
  return undone ?? expect.unreachable('the predecessor was not found')
}

async function expectPath(copy: Copy, content: LeafContent, index: number, root: bigint): Promise<void> {
  const undone = await undoneFor(copy, root)
  if (undone === undefined) return expect.unreachable('the root was not found')
  const leaf = toInteger(leafOf(hash, content))
  expect(rootOfPath(REGISTRY_DEPTH, leaf, await pathAt(copy, index, undone))).toBe(root)
}

describe('the predecessor', () => {
  test.each([1, 2, 5, BUCKET_LEAVES - 1, BUCKET_LEAVES, BUCKET_LEAVES + 1])(
    'of %i leaves is found, and paths lead to its root and to the newest',
    async (size) => {
      const copy = await following(many.slice(0, size), many)
      const { root, previousRoot } = copy.head
      expect((await undoneIn(copy)).size).toBe(many.length - size)
      expect((await undoneFor(copy, root))?.size).toBe(0)
      await expectPath(copy, place(0), 0, previousRoot)
      await expectPath(copy, place(size - 1), size - 1, previousRoot)
      await expectPath(copy, place(size - 1), size - 1, root)
      await expectPath(copy, place(many.length - 1), many.length - 1, root)
    },
  )

  test('is found where nothing was, or nothing changed', async () => {
    expect((await undoneIn(await following([], many.slice(0, 3)))).size).toBe(3)
    expect((await undoneIn(await following(many, many))).size).toBe(0)
  })

  test('is found behind an emptied, a reused and an added place, and all who stayed are led to it', async () => {
    const before = many.slice(0, BUCKET_LEAVES + 1).map((content, i) => (i === 6 ? undefined : content))
    const after: Places = [
      ...before.map((content, i) => {
        if (i === 2) return undefined // it expired
        if (i === 4) return place(5000) // another has it
        return i === 6 ? place(6000) : content // it was free
      }),
      place(7000),
    ]
    const copy = await following(before, after)
    const { root, previousRoot } = copy.head
    expect([...(await undoneIn(copy)).keys()]).toEqual([2, 4, 6, BUCKET_LEAVES + 1])
    await expectPath(copy, place(3), 3, previousRoot)
    await expectPath(copy, place(BUCKET_LEAVES), BUCKET_LEAVES, previousRoot)
    await expectPath(copy, place(4), 4, previousRoot)
    await expectPath(copy, place(5000), 4, root)
  })

  test('is found by JavaScript alone too', async () => {
    const before = many.slice(0, 9).map((content, i) => (i % 3 === 0 ? undefined : content))
    const copy = await following(before, [...before.with(4, undefined), place(9)], slowHasher)
    expect([...(await undoneIn(copy)).keys()]).toEqual([4, 9])
    await expectPath(copy, place(4), 4, copy.head.previousRoot)
  })

  test('is the only one: no earlier root is known, nor any where none stands', async () => {
    const copy = await following(many.slice(0, 5), many)
    expect(await undoneFor(copy, rootOf(many.slice(0, 4)))).toBeUndefined()
    const after = await copyOf(many, { previousRoot: 0n, changes: [] })
    expect(await undoneFor(after, 0n)).toBeUndefined()
  })
})

describe('changes that a server makes up', () => {
  const before = many.slice(0, 5)
  const after = [...many.slice(0, 3), undefined, place(4), place(5), place(6)]
  const honest = changesBetween(before, after)
  const served = (changes: readonly PlaceChange[]) => copyOf(after, { previousRoot: rootOf(before), changes })
  const leaf = (i: number): Uint8Array => leafOf(hash, place(i))

  test.each<[string, readonly PlaceChange[]]>([
    ['none at all', []],
    ['one left out', honest.slice(1)],
    ['one too many', [...honest, { place: 1, before: EMPTY_LEAF }]],
    ['another leaf', honest.map((one, i) => (i === 0 ? { ...one, before: leaf(9) } : one))],
    ['another place', honest.map((one, i) => (i === 0 ? { ...one, place: 2 } : one))],
  ])('lead to no root: %s', async (_, changes) => {
    const copy = await served(changes)
    expect(await undoneFor(copy, copy.head.previousRoot)).toBeUndefined()
    expect(await undoneFor(copy, copy.head.root)).toBeDefined()
  })

  test('name no place past the last, and no leaf in another spelling', async () => {
    const past = served([...honest, { place: after.length, before: EMPTY_LEAF }])
    await expect(past).rejects.toMatchObject({ code: 'VALUE_MALFORMED' })
    const respelt = fromInteger(toInteger(leaf(1)) + P, 32)
    const twice = served([...honest, { place: 1, before: respelt }])
    await expect(twice).rejects.toMatchObject({ code: 'VALUE_OUT_OF_RANGE' })
  })

  test('single out no one: a place listed with the leaf that it has did not change', async () => {
    const copy = await served([...honest, { place: 1, before: leaf(1) }])
    expect([...(await undoneIn(copy)).keys()]).toEqual(honest.map((change) => change.place))
  })
})

describe('whom a proof hides among', () => {
  const own = {
    guest: { smtRoot: 11n },
    holderSecret: 12n,
    policyId: 5n,
    expiresAt: 3600,
  } as unknown as Credential
  const hers: LeafContent = { credential: credentialOf(own), policyId: 5n, expiresAt: 3600 }
  const asked = { policies: [5n], now: 3600 }

  test('at the predecessor: a place that changed counts for no one, then or now', async () => {
    const before = [...many.slice(0, 5), hers]
    const after = [place(0), undefined, place(2000), place(3), place(4), hers, place(2001)]
    const copy = await following(before, after)
    const at = async (root: bigint) =>
      standingAt(copy, (await undoneFor(copy, root)) ?? new Map(), asked, own, [4n])
    expect(await at(copy.head.root)).toEqual({ live: [4], own: [2], index: 5 })
    expect(await at(copy.head.previousRoot)).toEqual({ live: [2], own: [2], index: 5 })
  })

  test('she is not there before the head that has her', async () => {
    const copy = await following(many.slice(0, 5), [...many.slice(0, 4), hers, place(9)])
    const standing = await standingAt(copy, await undoneIn(copy), asked, own)
    expect(standing).toEqual({ live: [4], own: [0], index: undefined })
    expect((await standingAt(copy, new Map(), asked, own)).index).toBe(4)
  })
})

test('a copy that was never synced is none', async () => {
  const none = { head: async () => undefined, index: async () => undefined, bucket: async () => undefined }
  await expect(openCopy(none as unknown as Mirror)).rejects.toMatchObject({ code: 'HEAD_MISSING' })
})
