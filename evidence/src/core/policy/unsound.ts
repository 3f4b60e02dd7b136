import { VouchError } from '@vouch/protocol'

/** A policy that reads well and would hold nothing off. */
export function unsound(rule: string, given?: string): VouchError {
  return new VouchError('POLICY_UNSOUND', given === undefined ? { rule } : { rule, given })
}
