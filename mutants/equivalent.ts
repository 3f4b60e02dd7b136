/** A mutant that no test can tell from the source, and why. */
export interface Equivalent {
  readonly file: string
  /** As `npm run mutants` names it. */
  readonly change: string
  /** Why the mutant behaves like the source, or why the difference harms no user. */
  readonly because: string
}

const SHA512 = 'circuits/lib/sha512/src/lib.nr'
const WORD = 'circuits/lib/sha512/src/word.nr'
const SPARSE = 'circuits/lib/sparse/src/lib.nr'

const SPLIT_TOO =
  'Word 0 of the schedule is cut into halves too. That checks a range which its eight bytes have already; it costs gates and refuses nothing.'
const OTHER_WAY =
  'A rotation has two equations, one to the left and one to the right. Both are exact below p for any spill of up to 31 bits; the condition only chooses the one whose range check is cheap.'
const NO_MULTIPLE_OF_32 = 'No rotation goes by 32: swap_halves does that.'
const BOTH_CHECKS =
  'The two range checks imply each other. The sum of both numbers is HIGH_LIMIT - 1, below 2^226. A number above HIGH_LIMIT - 1 makes the other one negative, that is, near p and far above 2^227. One bit more in one of the checks admits no further value.'

/** An entry is an error as soon as its mutant is killed or is no more. */
export const EQUIVALENT: readonly Equivalent[] = [
  { file: SHA512, change: 'condition: (t > 0) & (t < 16) → (t < 16)', because: SPLIT_TOO },
  { file: SHA512, change: 'border: > → >=', because: SPLIT_TOO },
  {
    file: SHA512,
    change: 'condition: (t >= 16) & (t < 78) → (t < 78)',
    because:
      'The first 16 words are reduced again. They are below 2^64, so that their carry is zero and they stay as they are.',
  },
  {
    file: SHA512,
    change: 'condition: t % 2 == 0 → true',
    because:
      'Every round computes a ^ b anew instead of using that of the round before: the same value for more gates.',
  },
  { file: WORD, change: 'condition: R % 32 <= 16 → true', because: OTHER_WAY },
  { file: WORD, change: 'condition: R % 32 <= 16 → false', because: OTHER_WAY },
  { file: WORD, change: 'border: <= → <', because: OTHER_WAY },
  { file: WORD, change: 'border: < → <=', because: NO_MULTIPLE_OF_32 },
  { file: WORD, change: 'border: < → <= #2', because: NO_MULTIPLE_OF_32 },
  { file: SPARSE, change: 'a bit more: HIGH_BITS → HIGH_BITS + 1', because: BOTH_CHECKS },
  { file: SPARSE, change: 'a bit more: HIGH_BITS → HIGH_BITS + 1 #2', because: BOTH_CHECKS },
  {
    file: 'verifier/src/rules/answer.ts',
    change: 'operand: request.askHash ?? new Uint8Array() → request.askHash',
    because: 'The rule applies to Requests that have an askHash, and to no others.',
  },
  {
    file: 'verifier/src/rules/answer.ts',
    change: "condition: freshness.kind === 'max_age' → true",
    because:
      'The rule that asks for the oldest response applies to Requests with a maximum age, and to no others.',
  },
  {
    file: 'verifier/src/seen.ts',
    change: 'condition: until.size >= capacity → true',
    because:
      'What is over is forgotten at each call, and not only when the store is full. No clock accepts a challenge that is over, so it need not be remembered; the walk only takes time.',
  },
  {
    file: 'contracts/src/TrustNodes.sol',
    change: 'border: twoThirds > floor → twoThirds >= floor',
    because: 'Where both numbers are equal, both branches give the same number.',
  },
  {
    file: 'contracts/src/RegistryTree.sol',
    change: 'condition: size == CAPACITY → true',
    because:
      'Place DEPTH of the frontier is read when bit DEPTH of the size is set, that is, in a full tree alone. In any other it is written for nothing, which costs gas.',
  },
  {
    file: 'contracts/src/VouchVerifier.sol',
    change: 'border: available < VERIFIER_GAS → available <= VERIFIER_GAS',
    because:
      'Both branches refuse the proof. At exactly VERIFIER_GAS only the name of the error differs: GasTooLow or ProofFalse.',
  },
]
