import {
  type Bundle,
  type Check,
  type Checks,
  type Envelope,
  type ExitStatus,
  exitStatus,
  type Failure,
  isSimulated,
  type Opening,
  PROFILES,
  type Request,
  VouchError,
} from '@vouch/protocol'

/** What an accepted bundle shows, and nothing more. */
export interface Proven {
  readonly payload: Uint8Array
  /**
   * What the service's key signed: the digest of the envelope. Each answer has one digest, in every proof of it: count
   * answers by it.
   */
  readonly digest: Uint8Array
  /** What was asked, where that was shown, and the envelope answers it. */
  readonly asked: Uint8Array | undefined
  /** When the service says that it answered: to two minutes, and as good as the service's clock. */
  readonly time: number
  /**
   * The same for one credential within one scope, and for no other credential. A machine that enrolls twice has two
   * credentials: no count of machines or people follows from it.
   */
  readonly nullifier: bigint
  /** Whether one of the accepted policies admits simulated evidence: then nothing genuine may stand behind this. */
  readonly simulated: boolean
}

/** What follows from a bundle if every check holds: what the envelope says, and what the Request asked. */
export function provenBy(
  bundle: Bundle,
  envelope: Envelope,
  { profile, policies }: Request,
  opening: Opening | undefined,
): Proven {
  return {
    payload: envelope.payload,
    digest: PROFILES[profile].digest(bundle.envelope),
    asked: opening?.message,
    time: envelope.time,
    nullifier: bundle.nullifier,
    simulated: policies.some(isSimulated),
  }
}

/** What Bob comes to believe. The list of checks is written by the checks themselves as they run. */
export type Verdict =
  | { readonly accepted: true; readonly exit: 0; readonly checks: readonly Check[]; readonly proven: Proven }
  | {
      readonly accepted: false
      readonly exit: Exclude<ExitStatus, 0>
      readonly checks: readonly Check[]
      readonly failures: readonly Failure[]
    }

/** The verdict. Nothing was proven unless every check held, each of them. */
export function verdictOf({ checks, failures }: Checks, proven: Proven | undefined): Verdict {
  const exit = exitStatus(failures)
  if (exit !== 0) return { accepted: false, exit, checks, failures }
  if (proven === undefined || checks.some(({ outcome }) => outcome !== 'held')) {
    throw new VouchError('INTERNAL', { rule: 'a verdict without failures must have checked everything' })
  }
  return { accepted: true, exit, checks, proven }
}
