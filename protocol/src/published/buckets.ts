import { MAX_TIME } from '../credential.js'
import { VouchError } from '../errors.js'
import { assertField } from '../hashes/field.js'
import type { Hasher } from '../hashes/hasher.js'
import { concat, fromInteger, toInteger } from '../notation/bytes.js'
import {
  boundedBytes,
  type Codec,
  decode,
  encode,
  fieldElement,
  parseFile,
  printFile,
  record,
  uint,
  version,
} from '../notation/index.js'
import { REGISTRY_DEPTH } from '../registry/fixed-tree.js'
import {
  BUCKET_HEIGHT,
  BUCKET_LEAVES,
  bucketRoot,
  EMPTY_LEAF,
  emptyNode,
  type LeafContent,
  layerAbove,
  leafOf,
  siblingsAbove,
} from './bucket-tree.js'

const MAX_BUCKETS = 2 ** (REGISTRY_DEPTH - BUCKET_HEIGHT)

const placeCodec: Codec<LeafContent> = record<LeafContent>({
  credential: fieldElement(),
  policyId: fieldElement(2n ** 249n),
  expiresAt: uint(8, { max: MAX_TIME }),
})

export const PLACE_BYTES = 72

/** The bytes of one place in a bucket: what its leaf is made of, or zeros where a member was removed. */
export function placeBytes(content: LeafContent | undefined): Uint8Array {
  return content === undefined ? new Uint8Array(PLACE_BYTES) : encode(placeCodec, content, 'place')
}

/**
 * Reads a bucket. What a leaf is made of is public, so that a member can count whom she hides among: leaves alone would not
 * say which of them an accepted policy admitted, or for how long.
 */
export function parseBucket(bytes: Uint8Array): readonly (LeafContent | undefined)[] {
  if (bytes.length % PLACE_BYTES !== 0 || bytes.length > BUCKET_LEAVES * PLACE_BYTES) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: `a bucket must hold at most ${BUCKET_LEAVES} places of ${PLACE_BYTES} bytes`,
      given: `${bytes.length} bytes`,
    })
  }
  return Array.from({ length: bytes.length / PLACE_BYTES }, (_, i) => {
    const place = bytes.subarray(i * PLACE_BYTES, (i + 1) * PLACE_BYTES)
    return place.every((byte) => byte === 0) ? undefined : decode(placeCodec, place, `place ${i}`)
  })
}

/** The leaves of a bucket's places, the empty one where a member was removed. */
export const leavesOf = (hash: Hasher, places: readonly (LeafContent | undefined)[]): readonly Uint8Array[] =>
  places.map((place) => (place === undefined ? EMPTY_LEAF : leafOf(hash, place)))

/** Root of a bucket: leaves are computed from what they are made of, never taken from anyone. */
export function rootOfBucket(hash: Hasher, places: readonly (LeafContent | undefined)[]): Uint8Array {
  return bucketRoot(hash, leavesOf(hash, places))
}

/** The nodes beside the path of a leaf, the lowest first: from the places of its bucket, and the roots of all buckets. */
export function siblingsOf(
  hash: Hasher,
  places: readonly (LeafContent | undefined)[],
  roots: readonly Uint8Array[],
  index: number,
): readonly Uint8Array[] {
  const [within, above] = [index % BUCKET_LEAVES, Math.floor(index / BUCKET_LEAVES)]
  return [
    ...siblingsAbove(hash, leavesOf(hash, places), within, { from: 0, to: BUCKET_HEIGHT }),
    ...siblingsAbove(hash, roots, above, { from: BUCKET_HEIGHT, to: REGISTRY_DEPTH }),
  ]
}

/** Root of the registry over its buckets' roots. */
export function rootOfBuckets(hash: Hasher, roots: readonly Uint8Array[]): Uint8Array {
  let layer = roots
  for (let height = BUCKET_HEIGHT; height < REGISTRY_DEPTH; height++) layer = layerAbove(hash, layer, height)
  return layer[0] ?? emptyNode(REGISTRY_DEPTH)
}

/** The roots of all buckets that hold leaves, as of one head, and what that head has changed. */
export interface BucketIndex {
  readonly version: 2
  readonly seq: number
  readonly size: number
  /** 32 bytes each, in order. */
  readonly roots: Uint8Array
  /**
   * Places that the head has changed, 36 bytes each in ascending order: u32 place, and the leaf that was there before. With these
   * undone the tree is that of the head before. Empty where a head lets no predecessor stand.
   */
  readonly changes: Uint8Array
}

/** Most places that one head changes. */
export const MAX_CHANGES = 2 ** 13
const CHANGE_BYTES = 36

export const bucketIndexCodec: Codec<BucketIndex> = record<BucketIndex>({
  version: version(2),
  seq: uint(8, { max: Number.MAX_SAFE_INTEGER }),
  size: uint(8, { max: 2 ** REGISTRY_DEPTH }),
  roots: boundedBytes(0, 32 * MAX_BUCKETS),
  changes: boundedBytes(0, CHANGE_BYTES * MAX_CHANGES),
})

export const parseBucketIndex = (file: string | Uint8Array): BucketIndex =>
  parseFile(bucketIndexCodec, file, 'bucket index')
export const printBucketIndex = (index: BucketIndex): string =>
  printFile(bucketIndexCodec, index, 'bucket index')

/** The roots in an index: as many as its leaves fill buckets. */
export function rootsIn({ size, roots }: BucketIndex): readonly Uint8Array[] {
  const count = bucketCount(size)
  if (roots.length !== 32 * count) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: `${size} leaves must have ${count} bucket roots`,
      given: `${roots.length} bytes`,
    })
  }
  return Array.from({ length: count }, (_, i) => roots.subarray(32 * i, 32 * i + 32))
}

/** A place that a head has changed, and the leaf that was there before. */
export interface PlaceChange {
  readonly place: number
  readonly before: Uint8Array
}

/** The bytes of changes, in ascending order of their places. */
export const changeBytes = (changes: readonly PlaceChange[]): Uint8Array =>
  concat(
    ...changes
      .toSorted((a, b) => a.place - b.place)
      .flatMap(({ place, before }) => [fromInteger(BigInt(place), 4), before]),
  )

/** The changes in an index; each place once, in order, and in the registry. */
export function changesIn({ changes, size }: Pick<BucketIndex, 'changes' | 'size'>): readonly PlaceChange[] {
  const all = Array.from({ length: Math.floor(changes.length / CHANGE_BYTES) }, (_, i) => {
    const at = i * CHANGE_BYTES
    const place = Number(toInteger(changes.subarray(at, at + 4)))
    return { place, before: changes.subarray(at + 4, at + CHANGE_BYTES) }
  })
  const isAscending = all.every(({ place }, i) => place > (all[i - 1]?.place ?? -1) && place < size)
  if (!isAscending || changes.length % CHANGE_BYTES !== 0) {
    throw new VouchError('VALUE_MALFORMED', {
      rule: 'the changes of a bucket index must name places of the registry, each once, in ascending order',
      given: `${changes.length} bytes`,
    })
  }
  // A leaf with p added hashes alike in some implementations: a place that did not change would pass for one that did.
  for (const { before } of all) assertField(toInteger(before), 'a leaf of the changes')
  return all
}

/** How many buckets so many leaves reach into. */
export function bucketCount(size: number): number {
  return Math.ceil(size / BUCKET_LEAVES)
}

/** How many leaves lie in a bucket of a registry of this size. */
export function leavesInBucket(bucket: number, size: number): number {
  return Math.max(0, Math.min(BUCKET_LEAVES, size - bucket * BUCKET_LEAVES))
}
