import type { AcceptancePolicy, Head, Request, VouchError } from '@vouch/protocol'
import { checkHead } from './head.js'
import { checkRequest } from './request.js'
import { Checklist, type Verdict } from './verdict.js'

/** What could be read, when not everything could. */
export interface Readable {
  readonly request?: Request | undefined
  readonly acceptance?: AcceptancePolicy | undefined
  readonly head?: Head | undefined
}

/**
 * The verdict when something could not be read. What can still be checked is, because what is false is graver than what
 * is unreadable: a forged head must not hide behind a broken bundle.
 */
export function undecided(
  errors: readonly VouchError[],
  { request, acceptance, head }: Readable,
  now: number,
): Verdict {
  const checks = new Checklist()
  for (const error of errors) checks.refuse(error.rule, error)
  if (acceptance !== undefined && head !== undefined) {
    checkHead(checks, head, acceptance, now)
    if (request !== undefined) checkRequest(checks, request, acceptance, head, now)
  }
  return checks.verdict(undefined)
}
