import { expect } from 'vitest'
import { type ErrorCode, type Failure, VouchError } from '../src/index.js'

/** What a function refuses its input with; fails when it does not, or breaks in any other way. */
export function refusalOf(misuse: () => unknown): Failure {
  try {
    misuse()
  } catch (error) {
    if (error instanceof VouchError) return error
    throw error
  }
  return expect.unreachable('nothing was refused')
}

/** Expects a refusal with this code, and a rule that says this. */
export function expectRefusal(misuse: () => unknown, code: ErrorCode, rule: string): void {
  const refusal = refusalOf(misuse)
  expect({ code: refusal.code, rule: refusal.rule }).toEqual({ code, rule })
}
