import {
  type Credential,
  equalBytes,
  type Hasher,
  type Head,
  type RegistryPin,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { type Mirror, type RegistrySource, type Synced, syncRegistry } from '@vouch/registry'
import { abandonableSource } from './net.js'
import { type Copy, openCopy } from './standing.js'

// Alice's own copy of a registry. She brings it up to date on a clock of her own, and proves from it as it is: the registrar,
// or a mirror, must not see when she answers.

/** How many of the last buckets each sync asks for. The adversary serves them, and sees one sequence from all members. */
const RECENT_BUCKETS = 4

export interface CopyParameters {
  /** Any mirror: the head's signature is what counts. */
  readonly source: RegistrySource
  readonly mirror: Mirror
  readonly registry: RegistryPin
  readonly hash?: Hasher | undefined
  readonly onBucket?: ((done: number, of: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

/** Brings her copy of a registry up to its newest head. */
export function syncCopy(parameters: CopyParameters): Promise<Synced> {
  const { source, mirror, registry, hash, onBucket, signal } = parameters
  return syncRegistry({
    source: abandonableSource(source, signal),
    mirror,
    expected: { registryId: registry.id, signer: registry.signer },
    recentBuckets: RECENT_BUCKETS,
    ...(hash === undefined ? {} : { hash }),
    ...(onBucket === undefined ? {} : { onBucket }),
  })
}

/** Opens the copy that a credential is proven from, and asks no one for it. A copy of another registry, or by another signer, is none. */
export async function copyFor(
  { registry: { id, signer } }: Pick<Credential, 'registry'>,
  mirror: Mirror,
  hash?: Hasher,
): Promise<Copy> {
  const copy = await openCopy(mirror, hash)
  const { head } = copy
  if (!equalBytes(head.registryId, id)) {
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'the copy must be of the registry that the credential is in',
      given: toHex(head.registryId),
    })
  }
  if (!equalBytes(head.signer, signer)) {
    throw new VouchError('SIGNER_NOT_ACCEPTED', {
      rule: "the copy's head must be signed by the signer that is pinned with the credential",
      given: toHex(head.signer),
      hint: 'if the registrar has announced a new key: alice sync --signer',
    })
  }
  return copy
}

/** A source whose head was read already: it is not asked for a second time. */
export function startingWith(source: RegistrySource, head: Head): RegistrySource {
  let first: Head | undefined = head
  return {
    ...source,
    head: async () => {
      const met = first ?? (await source.head())
      first = undefined
      return met
    },
  }
}
