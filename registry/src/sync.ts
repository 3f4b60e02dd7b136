import type { AdmissionPolicy } from '@vouch/evidence'
import {
  assertClosedShape,
  assertShape,
  BUCKET_LEAVES,
  type BucketIndex,
  changesIn,
  encodeHeadContent,
  equalBytes,
  fieldToBytes,
  type Hasher,
  type Head,
  isHeadSigned,
  type LeafContent,
  leavesInBucket,
  PLACE_BYTES,
  parseBucket,
  placeBytes,
  rootOfBucket,
  rootOfBuckets,
  rootsIn,
  slowHasher,
  toHex,
  VouchError,
} from '@vouch/protocol'

/** Where a registry is read from. Nothing that comes from it is believed. */
export interface RegistrySource {
  /** Read from a chain by this very process: the contract's word stands in the place of a signature. */
  readonly isChain?: true
  head(): Promise<Head>
  index(): Promise<BucketIndex>
  /** Documents of the policies in force; a chain has none. */
  policies?(): Promise<readonly AdmissionPolicy[]>
  bucket(number: number): Promise<Uint8Array>
}

/** Whom the head of a registry on chain is signed by, and how: nobody, zeros. */
export const UNSIGNED = { signer: new Uint8Array(33), signature: new Uint8Array(64) } as const

/** Place → when its last leaf would have expired. */
export type Vanished = ReadonlyMap<number, number>

/** Where a copy is kept. It is the client's own, and has only what was verified. */
export interface Mirror {
  head(): Promise<Head | undefined>
  /** The index that the kept head came with. */
  index(): Promise<BucketIndex | undefined>
  policies(): Promise<readonly AdmissionPolicy[]>
  bucket(number: number): Promise<Uint8Array | undefined>
  keepPolicies(policies: readonly AdmissionPolicy[]): Promise<void>
  keepBucket(number: number, bytes: Uint8Array): Promise<void>
  /** Whether no bucket was kept since the last head: else the kept index may say of a bucket what it is not any more. */
  isSettled(): Promise<boolean>
  /** Places whose leaves went before they had expired: none of them is given to another before that. */
  vanished(): Promise<Vanished>
  keepVanished(vanished: Vanished): Promise<void>
  /** Comes last: a mirror whose head is there has every leaf that leads to it. */
  keepHead(head: Head, index: BucketIndex): Promise<void>
}

export interface SyncParameters {
  readonly source: RegistrySource
  readonly mirror: Mirror
  /** Registry and signer that the caller believes; a mirror that has a head already pins both to it. */
  readonly expected?: { readonly registryId?: Uint8Array; readonly signer?: Uint8Array }
  readonly hash?: Hasher
  /** The reader's own clock: what a head says of the time is its signer's word. */
  readonly now?: () => number
  /**
   * To ask for the same with any copy: so many of the last buckets each time, or all of them where those do not do. Which
   * buckets a reader lacks says when it last read. If not given, only what is lacking is fetched.
   */
  readonly recentBuckets?: number
  readonly onBucket?: (done: number, of: number) => void
}

export interface Synced {
  readonly head: Head
  /** How many buckets were fetched, and how many there are. */
  readonly fetched: number
  readonly buckets: number
}

/** A head may be cut while buckets are read: then what was read is of two times, and reading again settles it. */
const ATTEMPTS = 3

/** Brings a copy of a registry up to its newest head. What it was given before it was interrupted is not fetched again. */
export async function syncRegistry(parameters: SyncParameters): Promise<Synced> {
  const at = 'syncRegistry: parameters'
  assertShape(parameters, { source: 'object', mirror: 'object' }, at)
  assertClosedShape(parameters.expected ?? {}, {}, { registryId: 'bytes', signer: 'bytes' }, `${at}.expected`)
  for (let attempt = 1; ; attempt++) {
    try {
      return await syncOnce(parameters)
    } catch (error) {
      const isFalse = error instanceof VouchError && error.code === 'LEAVES_FALSE'
      if (!isFalse || attempt === ATTEMPTS) throw error
    }
  }
}

async function syncOnce(parameters: SyncParameters): Promise<Synced> {
  const { source, mirror, expected, hash = slowHasher, now = clockNow, onBucket } = parameters
  // 1. The head is signed, by whom and for what the caller believes, and continues what was seen before.
  const head = await source.head()
  checkHead(head, source.isChain ?? false, expected ?? {}, await mirror.head())

  // 2. The buckets' roots lead to the head's root. What the head is said to have changed can be read; what that leads to is seen
  //    where it counts.
  const index = await source.index()
  const roots = rootsIn(index)
  changesIn(index)
  if (index.size !== head.size || !equalBytes(rootOfBuckets(hash, roots), fieldToBytes(head.root))) {
    throw leavesFalse("the buckets' roots must lead to the root that the head names", fieldToBytes(head.root))
  }

  // 3. The policies' documents are for showing what their ids are hashes of: a server that has none stops nothing.
  const policies = await source.policies?.().catch(unlessCancelled)
  if (policies !== undefined) await mirror.keepPolicies(policies)

  // 4. Every bucket's leaves lead to its root.
  const numbers = await bucketsToFetch(parameters, head.size, roots)
  const time = Math.min(head.time, now() + CLOCK_BEHIND)
  for (const [i, number] of numbers.entries()) {
    const bytes = await source.bucket(number)
    if (!isBucketOf(roots[number], leavesInBucket(number, head.size), hash, bytes)) {
      throw leavesFalse(`the leaves of bucket ${number} must lead to its root`, roots[number])
    }
    const kept = await mirror.bucket(number)
    if (kept !== undefined) await keepVanishing(mirror, number, parseBucket(kept), parseBucket(bytes), time)
    if (!isSame(kept, bytes)) await mirror.keepBucket(number, bytes)
    onBucket?.(i + 1, numbers.length)
  }

  await mirror.keepHead(head, index)
  return { head, fetched: numbers.length, buckets: roots.length }
}

/** Which buckets are asked for, in ascending order. */
async function bucketsToFetch(
  { mirror, hash = slowHasher, recentBuckets }: SyncParameters,
  size: number,
  roots: readonly Uint8Array[],
): Promise<readonly number[]> {
  const known = rootsKept((await mirror.isSettled()) ? await mirror.index() : undefined)
  const lacking: number[] = []
  for (const [number, root] of roots.entries()) {
    const kept = await mirror.bucket(number)
    const isWhole = kept?.length === leavesInBucket(number, size) * PLACE_BYTES
    const isKnown = isWhole && isSame(known[number], root) // places that stay empty change no root
    // What an interrupted sync left here may do already. Who asks for the same each time does not look: that takes time, and shows.
    const mayDo = recentBuckets === undefined && kept !== undefined
    if (!isKnown && !(mayDo && isBucketOf(root, leavesInBucket(number, size), hash, kept)))
      lacking.push(number)
  }
  if (recentBuckets === undefined) return lacking
  const recent = Math.max(0, roots.length - recentBuckets)
  const first = lacking.every((number) => number >= recent) ? recent : 0
  return [...roots.keys()].slice(first)
}

function unlessCancelled(error: unknown): undefined {
  if (error instanceof VouchError && error.code !== 'CANCELLED') return undefined
  throw error
}

const rootsKept = (index: BucketIndex | undefined): readonly Uint8Array[] =>
  index === undefined ? [] : rootsIn(index)

const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && equalBytes(a, b)

function isBucketOf(root: Uint8Array | undefined, size: number, hash: Hasher, bytes: Uint8Array): boolean {
  const places = parseBucket(bytes)
  return places.length === size && isSame(root, rootOfBucket(hash, places))
}

function checkHead(
  head: Head,
  isChain: boolean,
  expected: NonNullable<SyncParameters['expected']>,
  seen?: Head,
): void {
  if (isChain ? !equalBytes(head.signer, UNSIGNED.signer) : !isHeadSigned(head)) {
    throw new VouchError('HEAD_SIGNATURE_FALSE', {
      rule: "the head's signature must hold under the signer it names",
    })
  }
  const ids = [expected.registryId, seen?.registryId].filter((id) => id !== undefined)
  if (!ids.every((id) => equalBytes(head.registryId, id))) {
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'the head must be of the registry that is expected, and that is kept here',
      given: toHex(head.registryId),
    })
  }
  const signer = expected.signer ?? seen?.signer
  if (signer !== undefined && !equalBytes(head.signer, signer)) {
    throw new VouchError('SIGNER_NOT_ACCEPTED', {
      rule: 'the head must be signed by the signer that is believed here',
      given: toHex(head.signer),
      hint: 'if the registrar has announced a new key, name it with --signer',
    })
  }
  if (seen !== undefined) assertContinues(head, seen)
}

/** A registry only grows. One that shows two histories is lying to somebody: nothing of the newer one is kept. */
function assertContinues(head: Head, seen: Head): void {
  const isUnchanged = equalBytes(encodeHeadContent(head), encodeHeadContent(seen))
  const isLater = head.seq > seen.seq && head.size >= seen.size && head.time >= seen.time
  if (isUnchanged || isLater) return
  if (head.seq < seen.seq && head.time < seen.time) {
    throw new VouchError('HEAD_TOO_OLD', {
      rule: 'the head must not be older than the one that is kept here',
      given: `number ${head.seq} after ${seen.seq}`,
      hint: 'the server is behind, or hides a removal: try another',
    })
  }
  throw new VouchError('HEAD_FORKED', {
    rule: 'a head must continue the one before it',
    given: `number ${head.seq} with ${head.size} leaves after number ${seen.seq} with ${seen.size}`,
    hint: 'both heads are signed: keep them as evidence, and trust neither',
  })
}

const clockNow = (): number => Math.floor(Date.now() / 1000)

/** How far the reader's clock may be behind before honest heads look like lies. A head of next year lets no leaf expire today. */
const CLOCK_BEHIND = 900

type Places = readonly (LeafContent | undefined)[]

/**
 * A leaf stays what it is until it has expired, or becomes empty when its member is removed. Its place stays empty until it would
 * have expired, and is another's then. Heads and roots do not show it: a registrar that swaps one member for another, or
 * brings a removed one back, signs heads that continue one another. What is kept was verified before it was kept, be it by a
 * sync that was interrupted. Remembers what vanished before its time.
 */
async function keepVanishing(
  mirror: Mirror,
  number: number,
  kept: Places,
  fetched: Places,
  time: number,
): Promise<void> {
  const vanished = await mirror.vanished()
  const vanishing = new Map([...vanished].filter(([, until]) => until >= time))
  for (const [i, before] of kept.entries()) {
    const place = number * BUCKET_LEAVES + i
    const after = fetched[i]
    const isSameLeaf = equalBytes(placeBytes(before), placeBytes(after)) && i < fetched.length
    if (isSameLeaf) continue
    const until = before?.expiresAt ?? vanishing.get(place)
    const isOver = until === undefined || until < time
    if (i >= fetched.length || !(isOver || after === undefined)) throw leafSwapped(place)
    if (!isOver) vanishing.set(place, until)
  }
  if (vanishing.size !== vanished.size || [...vanishing.keys()].some((place) => !vanished.has(place)))
    await mirror.keepVanished(vanishing)
}

function leafSwapped(place: number): VouchError {
  return new VouchError('HEAD_FORKED', {
    rule: 'a leaf must stay what it was until it has expired, or become empty until then',
    given: `leaf ${place} is another than before`,
    hint: 'keep this copy as evidence; a disk that rots here, or a server that is behind, shows the same: try another',
  })
}

function leavesFalse(rule: string, root: Uint8Array = new Uint8Array()): VouchError {
  return new VouchError('LEAVES_FALSE', { rule, given: toHex(root) })
}
