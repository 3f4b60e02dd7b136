import { type Backend, type CircuitName, keyHash } from '@vouch/circuits'
import {
  type Bundle,
  equalBytes,
  type Request,
  requestHash,
  respondInputs,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { Checklist } from './verdict.js'

const CIRCUIT_RULE = 'the circuit must be one whose key is pinned here'
const PROOF_RULE = "the proof must verify under the pinned key, for the Request's own public inputs"

/** Is it about what Bob asked? A proof for another Request may be perfectly good, and says nothing here. */
export function checkAnswer(checks: Checklist, bundle: Bundle, request: Request): boolean {
  checks.require(request.asks.kind === 'answer', 'ASKS_MISMATCH', {
    rule: 'the Request must ask for an answer',
    given: request.asks.kind,
    hint: 'a session is opened by a grant: no answer opens one',
  })
  return checks.require(bundle.request === requestHash(request), 'REQUEST_MISMATCH', {
    rule: 'the bundle must answer this Request',
    hint: 'its proof speaks of another Request and was not checked',
  })
}

/** Is it proven? Every public input but the nullifier comes from Bob's Request; the digest from the envelope's bytes. */
export async function checkProof(
  checks: Checklist,
  bundle: Bundle,
  request: Request,
  backend: Pick<Backend<CircuitName>, 'verify'>,
): Promise<void> {
  if (!equalBytes(bundle.circuit, keyHash('respond'))) {
    const error = new VouchError('CIRCUIT_UNKNOWN', { rule: CIRCUIT_RULE, given: toHex(bundle.circuit) })
    checks.refuse(CIRCUIT_RULE, error)
    checks.skip(PROOF_RULE)
    return
  }
  try {
    const inputs = respondInputs(request, bundle.envelope, bundle.nullifier)
    const holds = await backend.verify('respond', inputs, bundle.proof)
    checks.require(holds, 'PROOF_FALSE', { rule: PROOF_RULE })
  } catch (error) {
    checks.refuse(PROOF_RULE, error)
  }
}

/** Notes that a proof was not looked at. */
export function skipProof(checks: Checklist): void {
  checks.skip(PROOF_RULE)
}
