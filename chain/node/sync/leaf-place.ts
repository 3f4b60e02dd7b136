import { credentialRegistryAbi } from '@vouch/contracts'
import {
  BUCKET_LEAVES,
  leavesInBucket,
  parseBucket,
  rootsIn,
  siblingsOf,
  slowHasher,
  toInteger,
  VouchError,
} from '@vouch/protocol'
import { type ChainSyncParameters, syncChain } from './sync.js'

/** Where the leaf of a credential is: what it is made of besides, and its path in the tree as it is now. */
export interface LeafPlace {
  readonly policyId: bigint
  readonly expiresAt: bigint
  readonly siblings: readonly bigint[]
}

/** The place of a credential's leaf, from a copy that is brought up to the newest block. */
export async function leafPlace(
  parameters: Omit<ChainSyncParameters, 'confirmations'>,
  credential: bigint,
): Promise<LeafPlace> {
  const { chain, registry, hash = slowHasher } = parameters
  const [place] = await chain.ask('asking the registry', (client) =>
    client.readContract({
      address: registry,
      abi: credentialRegistryAbi,
      functionName: 'records',
      args: [credential],
    }),
  )
  const { head, mirror } = await syncChain({ ...parameters, confirmations: 0 })
  const [index, bucketIndex] = [place - 1, await mirror.index()]
  const number = Math.max(0, Math.floor(index / BUCKET_LEAVES))
  const bucket = parseBucket((await mirror.bucket(number)) ?? new Uint8Array())
  const places = bucket.slice(0, leavesInBucket(number, head.size))
  const leaf = place === 0 ? undefined : places[index % BUCKET_LEAVES]
  if (leaf?.credential !== credential || bucketIndex === undefined) {
    throw new VouchError('LEAF_MISSING', {
      rule: 'the credential must be in the registry, and not removed from it',
    })
  }
  const siblings = siblingsOf(hash, places, rootsIn(bucketIndex), index).map(toInteger)
  return { policyId: leaf.policyId, expiresAt: BigInt(leaf.expiresAt), siblings }
}
