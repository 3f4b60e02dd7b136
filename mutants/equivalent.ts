/** A mutant that no test can tell from the source, and why. */
export interface Equivalent {
  readonly file: string
  /** As `npm run mutants` names it. */
  readonly change: string
  /** Why the mutant does what the source does, or why the difference is to nobody's harm. */
  readonly because: string
}

/** An entry is an error as soon as its mutant is killed or is no more. */
export const EQUIVALENT: readonly Equivalent[] = []
