import { type Checks, type ErrorCode, equalBytes, toHex } from '@vouch/protocol'
import type { AppraisalFailure } from './checks.js'

/** Notes whether a field is as a policy wants it. */
export type Want = (
  holds: boolean,
  code: ErrorCode,
  field: string,
  difference: Omit<AppraisalFailure, 'code' | 'field'>,
) => boolean

export const wantOf =
  (checks: Checks<AppraisalFailure>): Want =>
  (holds, code, field, difference) =>
    checks.note(holds, { code, field, ...difference })

/** Whether a value is one of those that a policy names. */
export const has = (accepted: readonly Uint8Array[], value: Uint8Array): boolean =>
  accepted.some((candidate) => equalBytes(candidate, value))

/** The root that a chain leads to must be one of the policy's. */
export function wantRoot(
  want: Want,
  roots: readonly Uint8Array[],
  root: { readonly name: string; readonly spki: Uint8Array },
): void {
  want(has(roots, root.spki), 'VENDOR_ROOT_NOT_ACCEPTED', 'roots', {
    rule: 'the vendor’s root must be one that the policy names',
    wanted: roots.map(toHex).join(' or '),
    given: `${toHex(root.spki)} (${root.name})`,
  })
}
