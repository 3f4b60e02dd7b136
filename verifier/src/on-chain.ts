import type { Backend, CircuitName } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  assertKind,
  assertShape,
  type Bundle,
  equalBytes,
  type Opening,
  type Request,
  type Shape,
  toHex,
  type Verifier,
  verifierIdOf,
} from '@vouch/protocol'
import { checkEnvelope } from './envelope.js'
import { checkAnswer, checkProof, skipProof } from './proof.js'
import { checkRequest } from './request.js'
import { Checklist, provenBy, type Verdict } from './verdict.js'

/** What is believed of a contract that asked: it was read from its chain, by way of a server that may lie. */
export interface OnChainParameters {
  readonly request: Request
  /** Whom the contract believes. */
  readonly acceptance: AcceptancePolicy
  /** The contract itself, on its chain. */
  readonly verifier: Verifier
  /** What Alice says was asked. */
  readonly opening?: Opening | undefined
  readonly now: number
  readonly backend: Pick<Backend<CircuitName>, 'verify'>
  /** Asks the contract's gateway, which knows what roots stand. Throws its refusal. */
  readonly gateway: () => Promise<void>
}

const GIVEN: Shape<OnChainParameters> = {
  request: 'object',
  acceptance: 'object',
  verifier: 'text or object',
  now: 'time',
  backend: 'object',
  gateway: 'function',
}

const GATEWAY_RULE = "the contract's gateway must accept it, and the registry's root stand"

/**
 * Judges a bundle as a contract would. All that can be computed here is: a server that says yes makes no false proof good.
 * Only what the registry's roots are is the chain's to say.
 */
export async function verifyOnChain(bundle: Bundle, given: OnChainParameters): Promise<Verdict> {
  assertKind(bundle, 'object', 'verifyOnChain: bundle')
  assertShape(given, GIVEN, 'verifyOnChain: given')
  const { request, acceptance, verifier, opening, now, backend, gateway } = given
  const checks = new Checklist()

  // 1. The Request is this contract's, and asks for no less than its policy.
  checks.require(equalBytes(request.verifierId, verifierIdOf(verifier)), 'VERIFIER_MISMATCH', {
    rule: 'the Request must be of this contract, on this chain',
    given: toHex(request.verifierId),
  })
  checkRequest(checks, request, acceptance, now)

  // 2. The bundle answers this very Request, with an envelope that is fresh, and to the question that was asked.
  const isAnswer = checkAnswer(checks, bundle, request)
  const { clockSkew } = acceptance
  const envelope = checkEnvelope(checks, bundle, { request, opening, now, clockSkew })

  // 3. The proof holds here.
  if (isAnswer) await checkProof(checks, bundle, request, backend)
  else skipProof(checks)

  // 4. And there, with the roots as they are.
  try {
    await gateway()
    checks.require(true, 'CHAIN_REFUSED', { rule: GATEWAY_RULE })
  } catch (error) {
    checks.refuse(GATEWAY_RULE, error)
  }
  return checks.verdict(envelope && provenBy(bundle, envelope, request, opening))
}
