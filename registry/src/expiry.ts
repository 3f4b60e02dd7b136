import type { AdmissionPolicy } from '@vouch/evidence'
import { VouchError } from '@vouch/protocol'

const HOUR = 3600

/**
 * Until when a credential is in force: the policy's time to live, or the collateral's own end plus grace if that comes
 * first. Rounded down to the hour, so that it names nobody.
 */
export function expiryOf(
  { ttl, collateral }: Pick<AdmissionPolicy, 'ttl' | 'collateral'>,
  nextUpdate: number | undefined,
  now: number,
): number {
  const end = Math.min(
    now + ttl,
    nextUpdate === undefined ? Number.POSITIVE_INFINITY : nextUpdate + collateral.grace,
  )
  const expiresAt = end - (end % HOUR)
  if (expiresAt - now >= HOUR) return expiresAt
  throw new VouchError('LIFETIME_TOO_SHORT', {
    rule: 'a credential must be in force for an hour at least, to the whole hour',
    given: `${expiresAt - now} s`,
    hint: 'come with newer collateral, or under a policy with a longer time to live',
  })
}
