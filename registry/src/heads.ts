import { type Head, signHead, VouchError } from '@vouch/protocol'

export interface HeadInput {
  readonly registryId: Uint8Array
  readonly before: Head | undefined
  readonly size: number
  readonly root: bigint
  /** Whether no earlier root may stand: something was removed. */
  readonly refusesEarlierRoots: boolean
  readonly now: number
  readonly signer: Uint8Array
}

/**
 * The head that follows another. A head cut again without a change names its own root as the one before: the older one
 * was superseded a head ago, and a root's age counts from there. Time never runs backwards, whatever the clock does.
 */
export function nextHead(input: HeadInput): Head {
  const { registryId, before, size, root, refusesEarlierRoots, now, signer } = input
  if (before !== undefined && size < before.size) {
    throw new VouchError('LOG_CORRUPT', {
      rule: 'a registry must never shrink',
      given: `${size} leaves after ${before.size}`,
    })
  }
  return signHead(
    {
      registryId,
      seq: before === undefined ? 0 : before.seq + 1,
      size,
      root,
      previousRoot: before === undefined || refusesEarlierRoots ? 0n : before.root,
      time: Math.max(now, before?.time ?? 0),
    },
    signer,
  )
}
