import { keyHash } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  type Checks,
  decodeEnvelope,
  equalBytes,
  inputList,
  must,
  requestHash,
  respondInputs,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { ANSWER, ENVELOPE } from './rules/answer.js'
import { HEAD } from './rules/head.js'
import { REQUEST } from './rules/request.js'
import type { Facts, FactsAtHand, Stage, Step } from './rules/rule.js'

const READABLE_RULE = 'the envelope must be well formed'
const CIRCUIT_RULE = 'the circuit must be one whose key is pinned here'
const PROOF_RULE = "the proof must verify under the pinned key, for the Request's own public inputs"
const GATEWAY_RULE = "the contract's gateway must accept it, and the registry's root stand"

/** Reads the envelope for the rules after it; where it cannot be read, those are not about anything. */
const readEnvelope: Step = {
  stage: 'envelope',
  needs: ['bundle'],
  check: (checks, { bundle }) => {
    try {
      const envelope = decodeEnvelope(bundle.envelope)
      checks.hold(READABLE_RULE)
      return { envelope }
    } catch (error) {
      checks.refuse(READABLE_RULE, error)
      return {}
    }
  },
}

/** Is it proven? Every public input but the nullifier comes from Bob's Request; the digest from the envelope's bytes. */
const verifyProof: Step = {
  stage: 'proof',
  needs: ['bundle', 'request', 'backend'],
  check: async (checks, { bundle, request, backend }) => {
    // A bundle for another Request is refused already; its proof would fail for that reason, and say nothing new.
    const isAnswer = bundle.request === requestHash(request)
    const isPinned = equalBytes(bundle.circuit, keyHash('respond'))
    if (isAnswer && !isPinned)
      must(checks, false, 'CIRCUIT_UNKNOWN', { rule: CIRCUIT_RULE, given: toHex(bundle.circuit) })
    if (!isAnswer || !isPinned) {
      checks.skip(PROOF_RULE)
      return {}
    }
    try {
      const inputs = respondInputs(request, bundle.envelope, bundle.nullifier)
      const holds = await backend.verify('respond', inputList(inputs), bundle.proof)
      must(checks, holds, 'PROOF_FALSE', { rule: PROOF_RULE })
    } catch (error) {
      checks.refuse(PROOF_RULE, error)
    }
    return {}
  },
}

/** Does the contract's chain take it, with the roots as they are? */
const askGateway: Step = {
  stage: 'gateway',
  needs: ['gateway'],
  check: async (checks, { gateway }) => {
    try {
      await gateway()
      checks.hold(GATEWAY_RULE)
    } catch (error) {
      checks.refuse(GATEWAY_RULE, error)
    }
    return {}
  },
}

/** Everything that is judged of a bundle, in order. Each judge selects from this one table. */
export const STEPS: readonly Step[] = [
  HEAD.signed,
  HEAD.signer,
  HEAD.registry,
  HEAD.age,
  HEAD.ahead,
  REQUEST.verifier,
  REQUEST.acceptance,
  REQUEST.registry,
  REQUEST.profile,
  REQUEST.services,
  REQUEST.policies,
  REQUEST.simulated,
  REQUEST.freshness,
  REQUEST.age,
  REQUEST.ahead,
  REQUEST.root,
  ANSWER.asks,
  ANSWER.request,
  readEnvelope,
  ENVELOPE.nonce,
  ENVELOPE.age,
  ENVELOPE.ahead,
  ENVELOPE.asked,
  ENVELOPE.opening,
  verifyProof,
  askGateway,
]

/** What is found on the way, or only looked at where it is given: a step that lacks it is about nothing. */
const OPTIONAL: readonly (keyof Facts)[] = ['opening', 'envelope']

/** What becomes of a step that lacks something which is neither found on the way nor given at will. */
type OnMissing = (step: Step, missing: readonly string[]) => void

/**
 * Takes every step of the named stages, and answers with what was found on the way. A judge who has to accept or refuse
 * must have all that the steps need: a step that is left out for want of it would let everything through.
 */
export async function judge(
  checks: Checks,
  stages: readonly Stage[],
  given: FactsAtHand,
  onMissing: OnMissing = demand,
): Promise<FactsAtHand> {
  let facts = given
  for (const step of stepsOf(stages))
    if (isReady(step, facts, onMissing)) facts = { ...facts, ...(await step.check(checks, facts)) }
  return facts
}

/** For a judge who accepts nothing: takes the steps that can be taken. What is false is graver than what cannot be read. */
export const passOver: OnMissing = () => undefined

/** The same as `judge` for stages whose steps are conditions alone: they ask no server, and find nothing. */
export function judgeAtOnce(
  checks: Checks,
  stages: readonly ('head' | 'request' | 'root')[],
  given: FactsAtHand,
): void {
  for (const step of stepsOf(stages)) if (isReady(step, given, demand)) void step.check(checks, given)
}

const stepsOf = (stages: readonly Stage[]): readonly Step[] =>
  STEPS.filter(({ stage }) => stages.includes(stage))

function isReady(step: Step, facts: FactsAtHand, onMissing: OnMissing): facts is Facts {
  const missing = step.needs.filter((need) => facts[need] === undefined)
  if (missing.some((need) => !OPTIONAL.includes(need))) onMissing(step, missing)
  return missing.length === 0
}

function demand({ stage }: Step, missing: readonly string[]): never {
  throw new VouchError('INTERNAL', { rule: `a judge of ${stage} must have ${missing.join(', ')}` })
}

/** What an acceptance policy says, as rules look at it. */
export function believed(acceptance: AcceptancePolicy): Pick<Facts, 'acceptance' | 'registry' | 'ages'> {
  const { registry, headAge, requestAge, clockSkew } = acceptance
  return { acceptance, registry, ages: { headAge, requestAge, clockSkew, grace: clockSkew } }
}
