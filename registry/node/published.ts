import { type BucketIndex, bucketCount, equalBytes, rootsIn, toHex, VouchError } from '@vouch/protocol'
import type { RegistryView } from '../src/store.js'

type Shown = Pick<RegistryView, 'head' | 'index' | 'bucket'>

/** A head is signed a moment after it is recorded: how often, and after how long, it is looked for again. */
const LOOKS = 40
const LOOK_MS = 50

/**
 * What a registry shows of itself: its state as of the newest head, never what came since, so that no one sees who came when.
 * Buckets are kept once made, because strangers may ask for all of them, again and again.
 */
export class PublishedRegistry {
  private readonly registry: Shown
  private readonly made = new Map<number, { readonly root: Uint8Array; readonly bytes: Uint8Array }>()
  private newest: BucketIndex | undefined

  constructor(registry: Shown) {
    this.registry = registry
  }

  /** The newest index. While a head is being signed, that of the head before it. */
  async index(): Promise<BucketIndex> {
    const { seq } = await this.registry.head()
    if (this.newest?.seq === seq) return this.newest
    for (let look = 1; look <= LOOKS; look++) {
      this.newest = (await this.registry.index()) ?? this.newest
      if (this.newest !== undefined) return this.newest
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    throw new VouchError('STORAGE_FAILED', {
      rule: 'the newest head is not signed yet',
      hint: 'try again in a while',
    })
  }

  /**
   * One bucket. What was made before is as good as new while the bucket's root is what it was. A caller who names a root gets
   * leaves that lead there or none: caches may keep these for ever, so leaves of another root must never pass under it.
   */
  async bucket(number: number, wanted?: Uint8Array): Promise<Uint8Array> {
    for (let look = 1; ; look++) {
      const index = await this.index()
      const root = rootsIn(index)[number]
      if (root === undefined) throw bucketMissing(number, index)
      if (wanted !== undefined && !equalBytes(wanted, root)) throw rootOver(number, wanted)
      const made = this.made.get(number)
      if (made !== undefined && equalBytes(made.root, root)) return made.bytes
      const bytes = await this.registry.bucket(number, index.seq)
      if (bytes !== undefined) this.made.set(number, { root, bytes })
      if (bytes !== undefined) return bytes
      if (look === LOOKS) throw rootOver(number, root)
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
  }
}

function bucketMissing(number: number, { size }: BucketIndex): VouchError {
  return new VouchError('LEAF_MISSING', {
    rule: `a bucket's number must be below ${bucketCount(size)}`,
    given: String(number),
  })
}

function rootOver(number: number, root: Uint8Array): VouchError {
  return new VouchError('LEAF_MISSING', {
    rule: 'the bucket has another root, as of the newest head',
    given: `bucket ${number}, root ${toHex(root)}`,
    hint: '/leaves.json has the roots of all buckets',
  })
}
