import {
  BUCKET_HEIGHT,
  BUCKET_LEAVES,
  type Credential,
  credential,
  emptyNode,
  type FixedPath,
  type Hasher,
  type Head,
  type LeafContent,
  layerAbove,
  leavesInBucket,
  leavesOf,
  parseBucket,
  REGISTRY_DEPTH,
  type Request,
  rootOfBucket,
  rootsIn,
  siblingsOf,
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
  bucket(number: number): Promise<readonly (LeafContent | undefined)[]>
  /** Nodes over the buckets' roots, from these up. */
  readonly upper: readonly (readonly Uint8Array[])[]
}

/** How often a copy is looked at again that another process is just writing, and after how long. */
const LOOKS = 5
const LOOK_MS = 50

/** Opens a copy as it is kept. A head and an index that do not fit each other are being written, or were left so by a crash. */
export async function openCopy(mirror: Mirror, hash: Hasher = slowHasher): Promise<Copy> {
  for (let look = 1; look <= LOOKS; look++) {
    const [head, index] = [await mirror.head(), await mirror.index()]
    if (head === undefined || index === undefined) throw copyMissing('the registry must have been synced')
    const upper = layersOver(rootsIn(index), BUCKET_HEIGHT, REGISTRY_DEPTH, hash)
    const root = upper.at(-1)?.[0] ?? emptyNode(REGISTRY_DEPTH)
    if (index.size === head.size && toInteger(root) === head.root) return { head, hash, upper, bucket }
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

/** How far below the newest head its predecessor is looked for: leaves that one head adds, at the most. */
const FARTHEST_PREDECESSOR = 8192

/**
 * How many leaves the registry had at a root that its newest head lets stand: all of them, or fewer at its predecessor. Where
 * a predecessor stands nothing was removed since, so its leaves are the first ones of today's.
 */
export async function sizeAt(copy: Copy, root: bigint): Promise<number | undefined> {
  const { head } = copy
  if (root === head.root) return head.size
  if (!stands(root, head)) return undefined
  let layers: Layers | undefined
  for (let size = head.size; size > Math.max(0, head.size - FARTHEST_PREDECESSOR); size--) {
    const number = bucketOf(size - 1)
    if (layers === undefined || size % BUCKET_LEAVES === 0) layers = await layersIn(copy, number)
    const rim = edge(layers, (size - 1) % BUCKET_LEAVES, 0, copy.hash)
    if (toInteger(edge(copy.upper, number, BUCKET_HEIGHT, copy.hash, rim)) === root) return size
  }
  return undefined
}

/** The path of a place in the registry as it was with so many leaves. From whole buckets, which name nobody. */
export async function pathAt(copy: Copy, index: number, size: number): Promise<FixedPath> {
  const { hash } = copy
  const [number, last] = [bucketOf(index), bucketOf(size - 1)]
  const placesOf = async (bucket: number) =>
    (await copy.bucket(bucket)).slice(0, leavesInBucket(bucket, size))
  const roots = [...(copy.upper[0] ?? []).slice(0, last), rootOfBucket(hash, await placesOf(last))]
  return { index, siblings: siblingsOf(hash, await placesOf(number), roots, index).map(toInteger) }
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

/** Reads the whole copy, as far as a size. `held` is every C that is hers, beside the credential that she would prove with. */
export async function standingAt(
  copy: Copy,
  size: number,
  { policies, now }: Pick<Request, 'policies' | 'now'>,
  credential: Credential,
  held: readonly bigint[] = [],
): Promise<Standing> {
  const [live, own] = [policies.map(() => 0), policies.map(() => 0)]
  let index: number | undefined
  const ownCredential = credentialOf(credential)
  const hers = new Set([ownCredential, ...held])
  for (let number = 0; number * BUCKET_LEAVES < size; number++) {
    const places = (await copy.bucket(number)).slice(0, size - number * BUCKET_LEAVES)
    for (const [i, place] of places.entries()) {
      if (place === undefined) continue
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
  for (let number = 0; number * BUCKET_LEAVES < copy.head.size; number++) {
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

type Layers = readonly (readonly Uint8Array[])[]

async function layersIn(copy: Copy, number: number): Promise<Layers> {
  return layersOver(leavesOf(copy.hash, await copy.bucket(number)), 0, BUCKET_HEIGHT, copy.hash)
}

/** Every layer over nodes of a height, up to another: what is not there is empty. */
function layersOver(nodes: readonly Uint8Array[], from: number, to: number, hash: Hasher): Layers {
  const layers = [nodes]
  for (let height = from; height < to; height++) layers.push(layerAbove(hash, layers.at(-1) ?? [], height))
  return layers
}

/** The top over nodes that end at an index: what lies left of it is whole, what lies right of it is empty. */
function edge(
  layers: Layers,
  last: number,
  from: number,
  hash: Hasher,
  node = layers[0]?.[last],
): Uint8Array {
  let top = node ?? emptyNode(from)
  for (let i = 0; i + 1 < layers.length; i++) {
    const at = last >> i
    top = at & 1 ? hash(layers[i]?.[at - 1] ?? emptyNode(from + i), top) : hash(top, emptyNode(from + i))
  }
  return top
}
