import type { Backend, CircuitName } from '@vouch/circuits'
import type {
  AcceptancePolicy,
  Bundle,
  Checks,
  Envelope,
  ErrorCode,
  Explanation,
  Failure,
  Head,
  Opening,
  Request,
  Verifier,
} from '@vouch/protocol'

/** How old things may be for one who judges, in seconds. */
export interface Ages {
  readonly headAge: number
  readonly requestAge: number
  /** How far other clocks may be ahead. */
  readonly clockSkew: number
  /** How much later than its age a Request or a response may come: other clocks may be behind. */
  readonly grace: number
}

/** All that a rule may look at. What a judge has not, or cannot read, is not there. */
export interface Facts {
  readonly bundle: Bundle
  readonly request: Request
  readonly acceptance: AcceptancePolicy
  readonly head: Head
  /** The registry that is believed, and who signs its heads. */
  readonly registry: AcceptancePolicy['registry']
  /** What Alice says was asked. */
  readonly opening: Opening
  /** Whose Request it must be. */
  readonly verifier: Verifier
  readonly ages: Ages
  readonly now: number
  /** What the bundle's envelope says, once it was read. */
  readonly envelope: Envelope
  readonly backend: Pick<Backend<CircuitName>, 'verify'>
  /** Asks a contract's gateway, which knows what roots stand. Throws its refusal. */
  readonly gateway: () => Promise<void>
}

/** What a judge has of them. */
export type FactsAtHand = { readonly [Name in keyof Facts]?: Facts[Name] | undefined }

/** What a judgement goes through, in this order. A judge names the stages that are its own. */
export type Stage =
  | 'head'
  | 'verifier'
  | 'request'
  | 'root'
  | 'answer'
  | 'envelope'
  | 'freshness'
  | 'proof'
  | 'gateway'

/** What a step finds for the steps after it. */
export type Found = Pick<Partial<Facts>, 'envelope'>

/** One step of a judgement. It is taken where all that it needs is there; it may find what later steps need. */
export interface Step {
  readonly stage: Stage
  readonly needs: readonly (keyof Facts)[]
  readonly check: (checks: Checks, facts: Facts) => Found | Promise<Found>
}

/** A step that finds nothing: one condition, the code of its failure, and what is said of it. */
export interface Rule<Need extends keyof Facts = keyof Facts> extends Step {
  readonly code: ErrorCode
  /** Whether the facts are what the rule is about. */
  readonly applies: (facts: Pick<Facts, Need>) => boolean
  readonly holds: (facts: Pick<Facts, Need>) => boolean
  readonly words: (facts: Pick<Facts, Need>) => Explanation
}

export function rule<Need extends keyof Facts>(
  stage: Stage,
  code: ErrorCode,
  needs: readonly Need[],
  holds: (facts: Pick<Facts, Need>) => boolean,
  words: (facts: Pick<Facts, Need>) => Explanation,
  applies: (facts: Pick<Facts, Need>) => boolean = () => true,
): Rule<Need> {
  const check = (checks: Checks, facts: Facts): Found => {
    if (applies(facts)) checks.note(holds(facts), { code, ...words(facts) })
    return {}
  }
  return { stage, code, needs, applies, holds, words, check }
}

/**
 * The failure of a rule that does not hold; nothing where it does. `said` are the words of a judge who is no verifier,
 * and has something else to do about it; what was given stays what was given.
 */
export function broken<Need extends keyof Facts>(
  { applies, holds, code, words }: Rule<Need>,
  facts: Pick<Facts, Need>,
  said?: Explanation,
): readonly Failure[] {
  if (!applies(facts) || holds(facts)) return []
  const own = words(facts)
  if (said === undefined) return [{ code, ...own }]
  const { hint: _, ...known } = own
  return [{ code, ...known, ...said }]
}
