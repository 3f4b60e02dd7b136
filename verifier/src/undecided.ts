import type { Backend, CircuitName } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  assertKind,
  type Bundle,
  Checks,
  type Head,
  type Opening,
  type Request,
  type VouchError,
} from '@vouch/protocol'
import { believed, judge, passOver } from './checks.js'
import { type Verdict, verdictOf } from './verdict.js'
import { OFF_CHAIN } from './verify.js'

/** What could be read, when not everything could. */
export interface Readable {
  readonly bundle?: Bundle | undefined
  readonly request?: Request | undefined
  readonly acceptance?: AcceptancePolicy | undefined
  readonly head?: Head | undefined
  readonly opening?: Opening | undefined
}

/**
 * The verdict when something could not be read. Every check whose own inputs are there is carried out, because what is
 * false is graver than what is unreadable: a forged head, or a false proof, must not hide behind a broken file.
 */
export async function undecided(
  errors: readonly VouchError[],
  { bundle, request, acceptance, head, opening }: Readable,
  now: number,
  backend: Pick<Backend<CircuitName>, 'verify'>,
): Promise<Verdict> {
  assertKind(errors, 'list', 'undecided: errors')
  assertKind(now, 'time', 'undecided: now')
  assertKind(backend, 'object', 'undecided: backend')
  const checks = new Checks()
  for (const error of errors) checks.refuse(error.rule, error)
  // A Request's kind is judged with what answers it alone: another bundle than the unreadable one may.
  const stages = OFF_CHAIN.filter((stage) => stage !== 'answer' || bundle !== undefined)
  const readable = { bundle, request, head, opening, now, backend }
  await judge(checks, stages, { ...readable, ...(acceptance && believed(acceptance)) }, passOver)
  return verdictOf(checks, undefined)
}
