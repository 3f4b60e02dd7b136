import { type ErrorCode, EXIT_OF } from '@vouch/protocol'
import { expect } from 'vitest'
import type { Ended } from '../../fixtures/story/commands.js'
import type { Fault } from './fault-proxy.js'
import { codeOf } from './live.js'

// What goes wrong on a line, and what commands may make of it.

/** A stall ends when Alice's and Bob's patience does, after half a minute; so cases run side by side. */
export const LIMIT = 300_000

export const dropped: Fault = { kind: 'drop', after: 0 }
export const stalled: Fault = { kind: 'stall', after: 0 }
export const late: Fault = { kind: 'delay', ms: 40 }
/** What comes of bytes that are another form, or none. */
export const UNREADABLE: readonly (ErrorCode | undefined)[] = [
  'JSON_MALFORMED',
  'MEMBER_UNKNOWN',
  'MEMBER_MISSING',
  'VALUE_MALFORMED',
  'VALUE_OUT_OF_RANGE',
]

/** A fault, and what the command may end with: a bit that turns may make bytes false, or no bytes of that form at all. */
export type Case = readonly [name: string, fault: Fault, codes: readonly (ErrorCode | undefined)[]]

export function expectEnd(ended: Ended, codes: Case[2], code = codeOf(ended)): void {
  expect(codes, ended.stderr).toContain(code)
  expect(ended.exit).toBe(code === undefined ? 0 : EXIT_OF[code])
}
