import {
  BUCKET_LEAVES,
  bucketCount,
  concat,
  EMPTY_LEAF,
  type Hasher,
  type LeafContent,
  MAX_CHANGES,
  type PlaceChange,
  placeBytes,
  rootOfBucket,
  rootOfBuckets,
  shown,
  toInteger,
  VouchError,
} from '@vouch/protocol'

/** What the registry's contract says happened, in the order in which it did. */
export type RegistryEvent =
  | { readonly kind: 'admitted'; readonly index: number; readonly leaf: LeafContent }
  | {
      readonly kind: 'removed'
      readonly index: number
      readonly credential: bigint
      /** Whether admitting it was wrong. */
      readonly forCause: boolean
    }
  | { readonly kind: 'root'; readonly root: bigint; readonly size: number; readonly epoch: number }

/** The registry's leaves as its events make them. What an RPC server says is held against itself at every step. */
export class ChainLeaves {
  root: bigint
  previousRoot: bigint
  epoch: number
  /** What the newest root has changed in the one before. */
  changes: readonly PlaceChange[]
  private pending: PlaceChange[] = []
  private readonly hash: Hasher
  private readonly leaves: (LeafContent | undefined)[]
  private readonly roots: Uint8Array[] = []
  private readonly changed = new Set<number>()

  constructor(
    hash: Hasher,
    known: {
      readonly leaves: readonly (LeafContent | undefined)[]
      readonly root: bigint
      readonly previousRoot: bigint
      readonly epoch: number
      readonly changes: readonly PlaceChange[]
    },
  ) {
    this.hash = hash
    this.leaves = [...known.leaves]
    this.root = known.root
    this.previousRoot = known.previousRoot
    this.epoch = known.epoch
    this.changes = known.changes
    for (let number = 0; number < bucketCount(this.leaves.length); number++) this.changed.add(number)
  }

  get size(): number {
    return this.leaves.length
  }

  take(event: RegistryEvent): void {
    if (event.kind === 'admitted') this.admit(event.index, event.leaf)
    else if (event.kind === 'removed') this.remove(event.index, event.credential)
    else this.setRoot(event)
  }

  /** Roots of all buckets; those that changed are computed anew. */
  bucketRoots(): readonly Uint8Array[] {
    for (const number of this.changed) this.roots[number] = rootOfBucket(this.hash, this.places(number))
    return this.roots
  }

  /** Refuses leaves that do not lead to the root that the events name. */
  assertSound(): void {
    const computed = toInteger(rootOfBuckets(this.hash, this.bucketRoots()))
    if (computed !== this.root) throw contradiction("the events' leaves must lead to the root that they name")
  }

  bucket(number: number): Uint8Array {
    return concat(...this.places(number).map(placeBytes))
  }

  /** Buckets that are not kept yet. */
  takeChanged(): readonly number[] {
    const numbers = [...this.changed]
    this.changed.clear()
    return numbers
  }

  private places(number: number): readonly (LeafContent | undefined)[] {
    return this.leaves.slice(number * BUCKET_LEAVES, (number + 1) * BUCKET_LEAVES)
  }

  private admit(index: number, leaf: LeafContent): void {
    if (index !== this.leaves.length) {
      throw contradiction(
        'an admission must take the next place',
        `${index} after ${this.leaves.length} leaves`,
      )
    }
    this.leaves.push(leaf)
    this.pending.push({ place: index, before: EMPTY_LEAF })
    this.changed.add(Math.floor(index / BUCKET_LEAVES))
  }

  private remove(index: number, credential: bigint): void {
    if (this.leaves[index]?.credential !== credential) {
      throw contradiction('a removal must be of the credential at its place', `place ${index}`)
    }
    this.leaves[index] = undefined
    this.changed.add(Math.floor(index / BUCKET_LEAVES))
  }

  private setRoot({ root, size, epoch }: Extract<RegistryEvent, { kind: 'root' }>): void {
    if (size !== this.leaves.length) {
      throw contradiction(
        'a root must be over the leaves that were admitted',
        `${size}, not ${this.leaves.length}`,
      )
    }
    const isFollowed = epoch === this.epoch && this.pending.length <= MAX_CHANGES
    this.previousRoot = epoch === this.epoch ? this.root : 0n
    this.changes = isFollowed ? this.pending : []
    this.pending = []
    this.root = root
    this.epoch = epoch
  }
}

/** An RPC server that contradicts itself: it lies, or has lost part of what it had. */
export function contradiction(rule: string, given?: string): VouchError {
  return new VouchError('RPC_FALSE', {
    rule,
    ...(given === undefined ? {} : { given: shown(given) }),
    hint: 'the RPC server leaves something out or lies: name another; or what is read began after the contract did',
  })
}
