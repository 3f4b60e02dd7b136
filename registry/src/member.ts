/** What is kept at hand of each admission ever made: all that later ones are judged by. */
export interface Member {
  /** How many were admitted before it. */
  readonly number: number
  readonly credential: bigint
  readonly machine: Uint8Array | undefined
  readonly policyId: bigint
  readonly nonce: Uint8Array
  readonly expiresAt: number
  /** Whether it was removed for cause. Its credential is then banned for ever. */
  readonly removed: boolean
  /** Where its leaf is, from the first head that has it until its place is given back. */
  readonly place: number | undefined
}
