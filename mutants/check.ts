/** A set of tests that may notice a mutant. */
export interface Check {
  readonly name: string
  /** Files of tests, from the project's root. While they stay as they are, so does a verdict. */
  readonly files: readonly string[]
  /** The first test that fails, or `undefined` if all pass. */
  firstFailure(): Promise<string | undefined>
}

/** A change that no compiler takes is no mutant. */
export class Stillborn extends Error {}
