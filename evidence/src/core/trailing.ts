import { type Checks, must } from './checks.js'

/**
 * Judges the bytes behind a signed structure. Zeros are padding, as interfaces of fixed size leave it, and are said aloud;
 * anything else is somebody's, and nothing vouches for it.
 */
export function checkTrailing(checks: Checks, what: string, trailing: Uint8Array): void {
  if (trailing.length === 0) return
  const isPadding = trailing.every((byte) => byte === 0)
  must(checks, isPadding, 'EVIDENCE_TRAILING', {
    rule: `behind ${what} there must be nothing but zeros`,
    given: `${trailing.length} bytes`,
  })
  if (isPadding) checks.leave(`${trailing.length} zero bytes behind ${what}: padding`)
}
