import {
  BUCKET_HEIGHT,
  BUCKET_LEAVES,
  bucketRoot,
  type Credential,
  changesIn,
  credential,
  equalBytes,
  type FixedPath,
  type Hasher,
  type Head,
  type LeafContent,
  leavesOf,
  type PlaceChange,
  parseBucket,
  REGISTRY_DEPTH,
  type Request,
  rootOfBuckets,
  rootsIn,
  siblingsAbove,
  slowHasher,
  toInteger,
  VouchError,
} from '@vouch/protocol'
import type { Mirror } from '@vouch/registry'
import { stands } from '@vouch/verifier'

/** A copy of a registry that was synced: every leaf in it leads to the head's root. */
export interface Copy {
  readonly head: Head
  readonly hash: Hasher
  /** Roots of its buckets. */
  readonly roots: readonly Uint8Array[]
  /** What its head has changed, by the word of the server that the copy was fetched from. */
  readonly changes: readonly PlaceChange[]
  bucket(number: number): Promise<readonly (LeafContent | undefined)[]>
}

/** How often a copy is looked at again that another process is just writing, and after how long. */
const LOOKS = 5
const LOOK_MS = 50

/** Opens a copy as it is kept. A head and an index that do not fit each other are being written, or were left so by a crash. */
export async function openCopy(mirror: Mirror, hash: Hasher = slowHasher): Promise<Copy> {
  for (let look = 1; look <= LOOKS; look++) {
    const [head, index] = [await mirror.head(), await mirror.index()]
    if (head === undefined || index === undefined) throw copyMissing('the registry must have been synced')
    const roots = rootsIn(index)
    const isWhole = index.size === head.size && toInteger(rootOfBuckets(hash, roots)) === head.root
    if (isWhole) return { head, hash, roots, changes: changesIn(index), bucket }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
  throw copyMissing('the copy of the registry must be whole')

  async function bucket(number: number) {
    const bytes = await mirror.bucket(number)
    if (bytes === undefined) throw copyMissing('the copy of the registry must be whole')
    return parseBucket(bytes)
  }
}

const copyMissing = (rule: string): VouchError => new VouchError('HEAD_MISSING', { rule, hint: 'alice sync' })

/** Places whose leaves were others at a root, and the leaves that they had then. */
export type Undone = ReadonlyMap<number, Uint8Array>

const NOTHING: Undone = new Map()

/**
 * What must be undone of a copy to come to a root that its newest head lets stand: nothing for its own, and what it changed for
 * the one before. Nothing is believed of what it is said to have changed: undone, it must lead to that root.
 */
export async function undoneFor(copy: Copy, root: bigint): Promise<Undone | undefined> {
  if (root === copy.head.root) return NOTHING
  if (!stands(root, copy.head)) return undefined
  const undone = await changedOf(copy)
  const before = rootOfBuckets(copy.hash, await rootsAt(copy, undone))
  return toInteger(before) === root ? undone : undefined
}

/**
 * The places that did change. A server may list places with the leaves that they have: the root comes out all the same. If such a
 * place counted for no one, its member alone would refuse to answer at the predecessor, and Bob would see who she is. And
 * each bucket of such places would cost her a thousand hashes.
 */
async function changedOf({ hash, changes, bucket }: Copy): Promise<Undone> {
  const changed = new Map<number, Uint8Array>()
  let read: { readonly number: number; readonly places: readonly (LeafContent | undefined)[] } | undefined
  for (const { place, before } of changes) {
    const number = bucketOf(place)
    if (read?.number !== number) read = { number, places: await bucket(number) }
    const [leaf] = leavesOf(hash, [read.places[place % BUCKET_LEAVES]])
    if (leaf === undefined || !equalBytes(before, leaf)) changed.set(place, before)
  }
  return changed
}

/** The path of a place in the registry as it was. From whole buckets, which name no one. */
export async function pathAt(copy: Copy, index: number, undone: Undone): Promise<FixedPath> {
  const { hash } = copy
  const leaves = await leavesAt(copy, bucketOf(index), undone)
  const siblings = [
    ...siblingsAbove(hash, leaves, index % BUCKET_LEAVES, { from: 0, to: BUCKET_HEIGHT }),
    ...siblingsAbove(hash, await rootsAt(copy, undone), bucketOf(index), {
      from: BUCKET_HEIGHT,
      to: REGISTRY_DEPTH,
    }),
  ]
  return { index, siblings: siblings.map(toInteger) }
}

/** Roots of all buckets as they were. */
async function rootsAt(copy: Copy, undone: Undone): Promise<readonly Uint8Array[]> {
  const roots = [...copy.roots]
  for (const number of new Set([...undone.keys()].map(bucketOf)))
    roots[number] = bucketRoot(copy.hash, await leavesAt(copy, number, undone))
  return roots
}

/** Leaves of a bucket as they were. */
async function leavesAt(copy: Copy, number: number, undone: Undone): Promise<readonly Uint8Array[]> {
  const from = number * BUCKET_LEAVES
  return leavesOf(copy.hash, await copy.bucket(number)).map((leaf, i) => undone.get(from + i) ?? leaf)
}

/** Whom a proof hides among, and where its prover is. */
export interface Standing {
  /** Leaves of others that were admitted under each policy of the Request and are in force, in its order. */
  readonly live: readonly number[]
  /** The same of her own: among her own leaves she does not hide. */
  readonly own: readonly number[]
  /** Her own place, if she has one at this root. */
  readonly index: number | undefined
}

/**
 * Reads the whole copy as it was. A place that was another's then counts for no one: what has left it had expired. `held` is
 * every C that is hers, beside the credential that she would prove with.
 */
export async function standingAt(
  copy: Copy,
  undone: Undone,
  { policies, now }: Pick<Request, 'policies' | 'now'>,
  credential: Credential,
  held: readonly bigint[] = [],
): Promise<Standing> {
  const [live, own] = [policies.map(() => 0), policies.map(() => 0)]
  let index: number | undefined
  const ownCredential = credentialOf(credential)
  const hers = new Set([ownCredential, ...held])
  for (const number of copy.roots.keys()) {
    for (const [i, place] of (await copy.bucket(number)).entries()) {
      if (place === undefined || undone.has(number * BUCKET_LEAVES + i)) continue
      const policy = policies.indexOf(place.policyId)
      const counted = hers.has(place.credential) ? own : live
      if (policy >= 0 && place.expiresAt >= now) counted[policy] = (counted[policy] ?? 0) + 1
      if (isSameLeaf(place, credential, ownCredential)) index = number * BUCKET_LEAVES + i
    }
  }
  return { live, own, index }
}

/** Finds where a credential was admitted, and as what. */
export async function findCredential(copy: Copy, wanted: bigint): Promise<LeafContent | undefined> {
  for (const number of copy.roots.keys()) {
    const found = (await copy.bucket(number)).find((place) => place?.credential === wanted)
    if (found !== undefined) return found
  }
  return undefined
}

/** C, as the registry knows her. */
export const credentialOf = ({ guest, holderSecret }: Pick<Credential, 'guest' | 'holderSecret'>): bigint =>
  credential(guest.smtRoot, holderSecret)

const isSameLeaf = (place: LeafContent, own: Credential, ownCredential: bigint): boolean =>
  place.credential === ownCredential && place.policyId === own.policyId && place.expiresAt === own.expiresAt

const bucketOf = (index: number): number => Math.floor(index / BUCKET_LEAVES)
