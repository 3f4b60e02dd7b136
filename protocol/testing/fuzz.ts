import fc from 'fast-check'
import { expect } from 'vitest'
import { VouchError } from '../src/index.js'

/** In a page, where the same tests are run once more, fewer will do. */
export const RUNS = Number(process.env.VOUCH_FUZZ_RUNS ?? ('document' in globalThis ? 1_000 : 100_000))
const SEED = Number(process.env.VOUCH_FUZZ_SEED ?? (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) >>> 1)
/** No input of these sizes takes milliseconds; one that takes this long hangs. */
const HANG_MS = 2_000

console.info(`fuzzing with VOUCH_FUZZ_SEED=${SEED} VOUCH_FUZZ_RUNS=${RUNS}`)

/** Runs a decoder on every input: it gives a value that `check` agrees with, or throws a VouchError, and soon. */
export function fuzz<Input, Value>(
  inputs: fc.Arbitrary<Input>,
  decode: (input: Input) => Value,
  check: (value: Value, input: Input) => boolean,
  runs = RUNS,
): void {
  let accepted = 0
  let slowest = 0
  const property = fc.property(inputs, (input) => {
    const start = performance.now()
    const decoded = attempt(() => decode(input))
    slowest = Math.max(slowest, performance.now() - start)
    if (decoded === undefined) return true
    accepted++
    return check(decoded.value, input)
  })
  fc.assert(property, { numRuns: runs, seed: SEED })
  // What is all refused, or all accepted, has tested nothing.
  expect(accepted).toBeGreaterThan(runs / 100)
  expect(accepted).toBeLessThan(runs)
  expect(slowest).toBeLessThan(HANG_MS)
}

function attempt<Value>(decode: () => Value): { readonly value: Value } | undefined {
  try {
    return { value: decode() }
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return undefined
    throw error
  }
}

/** Room for as many runs as are asked for. */
export const TIMEOUT = { timeout: 60_000 + RUNS * 3 }
