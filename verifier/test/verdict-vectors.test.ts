import type { Backend, CircuitName } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import { Checks, decodeEnvelope, type ErrorCode, fieldToBytes, toHex, VouchError } from '@vouch/protocol'
import { type Proven, verify } from '@vouch/verifier'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesBelow, VERDICTS } from '../../fixtures/corpus.js'
import { staleVerdicts, verdictFiles } from '../../fixtures/verdict/corpus.js'
import { type Expected, type ProvenJson, readVerdict, type Verdict } from '../../fixtures/verdict/file.js'
import { believed, STEPS } from '../src/checks.js'
import type { Facts, Step } from '../src/rules/rule.js'

// The corpus of verdicts, judged with real proofs, and what it has to hold.

let backend: Backend<CircuitName>
beforeAll(() => {
  backend = openBackend()
})
afterAll(() => backend?.destroy())

const vectors: readonly (readonly [name: string, vector: Verdict])[] = filesBelow(VERDICTS).map((path) => [
  path.slice(VERDICTS.length + 1).replace('.json', ''),
  readVerdict(path),
])

async function judged({ judged: { bundle, at, ...given } }: Verdict): Promise<Expected> {
  const verdict = await verify(bundle, { ...given, now: at, backend })
  if (verdict.accepted) return { exit: 0, codes: [], proven: inJson(verdict.proven) }
  const codes = new Set(verdict.failures.map(({ code }) => code))
  return { exit: verdict.exit, codes: [...codes].sort() }
}

const inJson = ({ payload, digest, time, nullifier, simulated, asked }: Proven): ProvenJson => ({
  payload: toHex(payload),
  digest: toHex(digest),
  time,
  nullifier: toHex(fieldToBytes(nullifier)),
  simulated,
  ...(asked === undefined ? {} : { asked: toHex(asked) }),
})

describe('the vectors of verdicts', () => {
  it.each(vectors)('%s', async (_, vector) => {
    expect(await judged(vector)).toEqual(vector.expect)
  })

  it('are what npm run vectors writes, which keeps proofs that hold', async () => {
    expect(staleVerdicts(await verdictFiles())).toEqual([])
  })
})

/** The steps that `verify` takes: those of the other stages belong to contracts. */
const steps = STEPS.filter(({ stage }) => stage !== 'verifier' && stage !== 'gateway')

/** What a vector says, as a step looks at it. */
function factsOf({ judged: { at, acceptance, ...given } }: Verdict): Partial<Facts> {
  return { ...given, ...believed(acceptance), now: at, backend, ...envelopeOf(given.bundle.envelope) }
}

function envelopeOf(bytes: Uint8Array): Pick<Partial<Facts>, 'envelope'> {
  try {
    return { envelope: decodeEnvelope(bytes) }
  } catch (error) {
    if (error instanceof VouchError) return {}
    throw error
  }
}

/** The codes with which a step fails on a vector. */
async function failuresOf(step: Step, vector: Verdict): Promise<readonly ErrorCode[]> {
  const facts = factsOf(vector)
  if (step.needs.some((need) => facts[need] === undefined)) return []
  const checks = new Checks()
  await step.check(checks, facts as Facts)
  return checks.failures.map(({ code }) => code)
}

describe('a vector is there for', () => {
  // A step without a code of its own says why in several.
  const nameOf = (step: Step, place: number): string =>
    `step ${place + 1}, ${step.stage}: ${'code' in step ? step.code : 'several codes'}`

  it.each(steps.map((step, place) => [nameOf(step, place), step] as const))('%s', async (_, step) => {
    const found: ErrorCode[] = []
    for (const [, vector] of vectors) found.push(...(await failuresOf(step, vector)))
    expect(found).not.toEqual([])
  })

  it.each([
    'CIRCUIT_UNKNOWN',
    'PROOF_FALSE',
    'PROOF_MALFORMED',
    'TRUNCATED',
    'TRAILING_BYTES',
    'STATEMENT_MISMATCH',
  ])('%s, which steps without a code give', (code) => {
    expect(vectors.filter(([, { expect }]) => expect.codes.includes(code))).not.toEqual([])
  })

  it('each profile, a context, a question and a predecessor’s root among the accepted', () => {
    const accepted = vectors.flatMap(([, { expect, judged }]) => (expect.exit === 0 ? [judged] : []))
    const some = (holds: (vector: Verdict['judged']) => boolean) => expect(accepted.some(holds)).toBe(true)
    for (const profile of ['sha256', 'eip191']) some(({ request }) => request.profile === profile)
    for (const kind of ['challenge', 'max_age']) some(({ request }) => request.freshness.kind === kind)
    some(({ request, opening }) => request.context !== undefined && opening !== undefined)
    some(({ request, head }) => request.root === head.previousRoot)
  })
})
