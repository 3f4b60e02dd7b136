import { type HeadContent, VouchError } from '@vouch/protocol'

/** Where a registry stands when a head is due. */
export interface HeadDue {
  readonly registryId: Uint8Array
  readonly before: HeadContent | undefined
  readonly size: number
  readonly root: bigint
  /** Whether no earlier root may stand: something was removed. */
  readonly refusesEarlierRoots: boolean
  readonly now: number
}

/**
 * What the head that follows another says, before its signer signs it. A head cut again without a change names its own root
 * as the one before: the older one was superseded a head ago, and a root's age counts from there. Time never runs
 * backwards, whatever the clock does.
 */
export function nextHeadContent(due: HeadDue): HeadContent {
  const { registryId, before, size, root, refusesEarlierRoots, now } = due
  if (before !== undefined && size < before.size) {
    throw new VouchError('LOG_CORRUPT', {
      rule: 'a registry must never shrink',
      given: `${size} leaves after ${before.size}`,
    })
  }
  return {
    registryId,
    seq: before === undefined ? 0 : before.seq + 1,
    size,
    root,
    previousRoot: before === undefined || refusesEarlierRoots ? 0n : before.root,
    time: Math.max(now, before?.time ?? 0),
  }
}
