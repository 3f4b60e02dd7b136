import { fieldToBytes, P, shown, toInteger, VouchError } from '@vouch/protocol'

/** Barretenberg speaks in lists of words: 32 bytes, big-endian. */
export const WORD_BYTES = 32

/** Cuts bytes into words. */
export function wordsOf(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / WORD_BYTES }, (_, i) =>
    bytes.subarray(i * WORD_BYTES, (i + 1) * WORD_BYTES),
  )
}

/** Public inputs as words; how many there are, and that each is below p, is the circuit's to say, not the prover's. */
export function publicInputWords(inputs: readonly bigint[], expected: number): Uint8Array[] {
  if (inputs.length !== expected) {
    throw malformed(`there must be ${expected} public inputs`, `${inputs.length}`)
  }
  return inputs.map((input) => {
    if (input < 0n || input >= P) throw malformed('a public input must be a field element', shown(input))
    return fieldToBytes(input)
  })
}

/** A proof as words. Its length is fixed by the circuit: a longer one carries bytes that nothing binds. */
export function proofWords(proof: Uint8Array, expected: number): Uint8Array[] {
  if (proof.length !== expected) throw malformed(`a proof must have ${expected} bytes`, `${proof.length}`)
  return wordsOf(proof)
}

/** Whether each word is the one spelling of a field element. A proof with another spelling is another, false proof. */
export function areCanonical(words: readonly Uint8Array[]): boolean {
  return words.every((word) => toInteger(word) < P)
}

function malformed(rule: string, given: string): VouchError {
  return new VouchError('PROOF_MALFORMED', { rule, given })
}
