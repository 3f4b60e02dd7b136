import type { Backend, CircuitName } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  assertKind,
  assertShape,
  type Bundle,
  Checks,
  type Opening,
  type Request,
  type Shape,
  type Verifier,
} from '@vouch/protocol'
import { believed, judge } from './checks.js'
import { provenBy, type Verdict, verdictOf } from './verdict.js'

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

/**
 * Judges a bundle as a contract would. All that can be computed here is: a server that says yes makes no false proof good.
 * Only what the registry's roots are is the chain's to say.
 */
export async function verifyOnChain(bundle: Bundle, given: OnChainParameters): Promise<Verdict> {
  assertKind(bundle, 'object', 'verifyOnChain: bundle')
  assertShape(given, GIVEN, 'verifyOnChain: given')
  const { request, acceptance, verifier, opening, now, backend, gateway } = given
  const checks = new Checks()
  const { envelope } = await judge(checks, STAGES, {
    ...{ bundle, request, verifier, now, backend, gateway, opening },
    ...believed(acceptance),
  })
  return verdictOf(checks, envelope && provenBy(bundle, envelope, request, opening))
}

/** Whose Request it is, what it asks and what answers it; and the gateway, which knows the roots. */
const STAGES = ['verifier', 'request', 'answer', 'envelope', 'freshness', 'proof', 'gateway'] as const
