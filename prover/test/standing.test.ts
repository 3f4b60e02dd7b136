import { openHasher } from '@vouch/circuits'
import {
  BUCKET_LEAVES,
  bucketCount,
  concat,
  fieldToBytes,
  type Head,
  type LeafContent,
  leafOf,
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
import { expect, test } from 'vitest'
import { type Copy, openCopy, pathAt, sizeAt } from '../src/standing.js'

const hash = await openHasher()
const place = (i: number): LeafContent => ({ credential: BigInt(i + 1), policyId: 5n, expiresAt: 3600 })
const many = Array.from({ length: BUCKET_LEAVES + 3 }, (_, i) => place(i))

function bucketsOf(places: readonly (LeafContent | undefined)[]) {
  return Array.from({ length: bucketCount(places.length) }, (_, n) =>
    places.slice(n * BUCKET_LEAVES, (n + 1) * BUCKET_LEAVES),
  )
}

const rootOf = (places: readonly (LeafContent | undefined)[]): bigint =>
  toInteger(
    rootOfBuckets(
      hash,
      bucketsOf(places).map((bucket) => rootOfBucket(hash, bucket)),
    ),
  )

function copyOf(
  places: readonly (LeafContent | undefined)[],
  previousRoot: bigint,
  hasher = hash,
): Promise<Copy> {
  const buckets = bucketsOf(places)
  const roots = buckets.map((bucket) => rootOfBucket(hash, bucket))
  const content = { registryId: new Uint8Array(32), seq: 3, size: places.length, previousRoot, time: 0 }
  const head: Head = signHead({ ...content, root: rootOf(places) }, new Uint8Array(32).fill(1))
  const mirror: Pick<Mirror, 'head' | 'index' | 'bucket'> = {
    head: async () => head,
    index: async () => ({ version: 1, seq: 3, size: places.length, roots: concat(...roots) }),
    bucket: async (number) => concat(...(buckets[number] ?? []).map(placeBytes)),
  }
  return openCopy(mirror as Mirror, hasher)
}

test.each([1, 2, 5, BUCKET_LEAVES - 1, BUCKET_LEAVES, BUCKET_LEAVES + 1])(
  'finds the predecessor of %i leaves, and paths that lead to its root and to the newest',
  async (size) => {
    const copy = await copyOf(many, rootOf(many.slice(0, size)))
    expect(await sizeAt(copy, copy.head.previousRoot)).toBe(size)
    expect(await sizeAt(copy, copy.head.root)).toBe(many.length)
    for (const [index, at, root] of [
      [0, size, copy.head.previousRoot],
      [size - 1, size, copy.head.previousRoot],
      [size - 1, many.length, copy.head.root],
      [many.length - 1, many.length, copy.head.root],
    ] as const) {
      const leaf = toInteger(leafOf(hash, place(index)))
      expect(rootOfPath(REGISTRY_DEPTH, leaf, await pathAt(copy, index, at))).toBe(root)
    }
  },
)

test('passes over places that were emptied, and hashes alike in JavaScript', async () => {
  const places = many.slice(0, 9).map((content, i) => (i % 3 === 0 ? undefined : content))
  const copy = await copyOf(places, rootOf(places.slice(0, 7)), slowHasher)
  expect(await sizeAt(copy, copy.head.previousRoot)).toBe(7)
  const leaf = toInteger(fieldToBytes(toInteger(leafOf(hash, place(4)))))
  expect(rootOfPath(REGISTRY_DEPTH, leaf, await pathAt(copy, 4, 7))).toBe(copy.head.previousRoot)
})

test('knows no other root: neither one before the predecessor, nor any when none stands', async () => {
  const copy = await copyOf(many, rootOf(many.slice(0, 5)))
  expect(await sizeAt(copy, rootOf(many.slice(0, 4)))).toBeUndefined()
  const after = await copyOf(many, 0n)
  expect(await sizeAt(after, 0n)).toBeUndefined()
  const lying = await copyOf(many, 77n)
  expect(await sizeAt(lying, 77n)).toBeUndefined()
})

test('a copy that was never synced is none', async () => {
  const none = { head: async () => undefined, index: async () => undefined, bucket: async () => undefined }
  await expect(openCopy(none as unknown as Mirror)).rejects.toMatchObject({ code: 'HEAD_MISSING' })
})
