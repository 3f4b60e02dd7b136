import type { AdmissionPolicy } from '@vouch/evidence'
import type { BucketIndex, Head } from '@vouch/protocol'
import { PublishedRegistry } from '../node/published.js'
import type { RegistryView } from '../src/store.js'
import type { Mirror, RegistrySource, Vanished } from '../src/sync.js'

/** A copy in memory. */
export class MemoryMirror implements Mirror {
  readonly buckets = new Map<number, Uint8Array>()
  private kept: { readonly head: Head; readonly index: BucketIndex } | undefined
  private gone: Vanished = new Map()
  private settled = true
  private documents: readonly AdmissionPolicy[] = []

  head = async () => this.kept?.head
  index = async () => this.kept?.index
  policies = async () => this.documents
  bucket = async (number: number) => this.buckets.get(number)
  isSettled = async () => this.settled
  vanished = async () => this.gone
  keepPolicies = async (policies: readonly AdmissionPolicy[]) => {
    this.documents = policies
  }
  keepBucket = async (number: number, bytes: Uint8Array) => {
    this.settled = false
    this.buckets.set(number, bytes)
  }
  keepVanished = async (vanished: Vanished) => {
    this.gone = vanished
  }
  keepHead = async (head: Head, index: BucketIndex) => {
    this.kept = { head, index }
    this.settled = true
  }
}

/** A registry as a stranger reads it, without a server between. */
export function sourceOf(registry: RegistryView): RegistrySource {
  const published = new PublishedRegistry(registry)
  return {
    head: () => registry.head(),
    index: () => published.index(),
    bucket: (number) => published.bucket(number),
  }
}
