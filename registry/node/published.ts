import {
  BUCKET_LEAVES,
  type BucketIndex,
  concat,
  equalBytes,
  placeBytes,
  rootsIn,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { RegistryView } from '../src/store.js'

type Shown = Pick<RegistryView, 'head' | 'bucketRoots' | 'bucket' | 'members'>

/**
 * What a registry shows of itself: its state as of the newest head, never what came since, so that nobody sees who came when.
 * Buckets are kept once made, because strangers may ask for all of them, again and again.
 */
export class PublishedRegistry {
  private readonly registry: Shown
  private readonly made = new Map<number, { readonly root: Uint8Array; readonly bytes: Uint8Array }>()
  private newest: BucketIndex | undefined

  constructor(registry: Shown) {
    this.registry = registry
  }

  index(): BucketIndex {
    const { seq, size } = this.registry.head
    if (this.newest?.seq !== seq) {
      this.newest = { version: 1, seq, size, roots: concat(...this.registry.bucketRoots()) }
    }
    return this.newest
  }

  /**
   * One bucket. What was made before is as good as new while the bucket's root is what it was. A caller who names a root gets
   * leaves that lead there or none: caches may keep these for ever, so leaves of another root must never pass under it.
   */
  bucket(number: number, wanted?: Uint8Array): Uint8Array {
    const root = rootsIn(this.index())[number]
    if (wanted !== undefined && (root === undefined || !equalBytes(wanted, root))) {
      throw new VouchError('LEAF_MISSING', {
        rule: 'the bucket has another root, as of the newest head',
        given: `bucket ${number}, root ${toHex(wanted)}`,
        hint: '/leaves.json has the roots of all buckets',
      })
    }
    const made = this.made.get(number)
    if (made !== undefined && root !== undefined && equalBytes(made.root, root)) return made.bytes
    const bytes = this.make(number)
    if (root !== undefined) this.made.set(number, { root, bytes })
    return bytes
  }

  private make(number: number): Uint8Array {
    const count = this.registry.bucket(number).length / 32
    const members = this.registry.members(number * BUCKET_LEAVES, count)
    return concat(...members.map((member) => placeBytes(member.removed ? undefined : member)))
  }
}
