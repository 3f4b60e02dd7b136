import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Backend, type CircuitName, keyHash } from '@vouch/circuits'
import {
  assertShape,
  type Bundle,
  concat,
  decodeEnvelope,
  equalBytes,
  fixedRoot,
  inputList,
  PROFILES,
  REGISTRY_DEPTH,
  type Request,
  requestHash,
  rootOfPath,
  type Service,
  type Shape,
  VouchError,
} from '@vouch/protocol'
import { broken, ENVELOPE } from '@vouch/verifier'
import { unless, unprovable } from './provable.js'
import {
  type Holding,
  type Leaves,
  leafMissing,
  type SignedEnvelope,
  type Statement,
  statementOf,
  witnessOf,
} from './witness.js'

export interface ProveParameters {
  readonly request: Request
  readonly response: SignedEnvelope
  readonly holding: Holding
  /** All leaves of the registry at the Request's root. Whole, so that nobody learns which one is asked for. */
  readonly leaves: Leaves
  readonly backend: Backend<CircuitName>
  readonly signal?: AbortSignal
}

const PARAMETERS: Shape<ProveParameters> = {
  request: 'object',
  response: 'object',
  holding: 'object',
  leaves: 'list or object',
  backend: 'object',
}

/** Proves a response: makes the bundle that answers a Request. */
export async function proveResponse(parameters: ProveParameters): Promise<Bundle> {
  assertShape(parameters, PARAMETERS, 'proveResponse: parameters')
  const { request, response, holding, leaves, backend, signal } = parameters
  const statement = statementOf(request, response, holding, leaves)
  assertProvable(statement, leaves)
  const witness = witnessOf(statement)
  const { proof } = await backend.prove('respond', witness, signal === undefined ? {} : { signal })
  // A reference string of an attacker's gives proofs that hide less than they should, and fail here.
  if (!(await backend.verify('respond', inputList(statement.inputs), proof))) {
    throw new VouchError('PROOF_FALSE', {
      rule: 'a proof must verify before it leaves this machine',
      hint: 'the reference string or the proving binary is damaged: bob doctor tells',
    })
  }
  return {
    version: 1,
    circuit: keyHash('respond'),
    request: requestHash(request),
    envelope: response.envelope,
    nullifier: statement.nullifier,
    proof,
  }
}

/** Refuses, in words, what the circuit would refuse without any. */
function assertProvable({ request, response, holding, leaf, path }: Statement, leaves: Leaves): void {
  const { envelope, signature, service } = response
  const content = decodeEnvelope(envelope)
  const [failure] = [
    ...unless(rootOver(leaves, leaf) === request.root, {
      code: 'ROOT_NOT_ACCEPTED',
      rule: "the registry's leaves must lead to the Request's root",
      hint: 'sync the registry',
    }),
    ...unless(path !== undefined, leafMissing()),
    ...unprovable(request, holding),
    ...unless(
      request.services.some((drv) => equalBytes(drv, service.drv)),
      { code: 'SERVICE_NOT_ACCEPTED', rule: 'the Request must accept the service that signed' },
    ),
    ...broken(ENVELOPE.nonce, { envelope: content, request }),
    ...unless(isSignedBy(service, signature, PROFILES[request.profile].digest(envelope)), {
      code: 'SIGNATURE_FALSE',
      rule: "the envelope's signature must hold under the service's key and the Request's profile",
    }),
  ]
  if (failure !== undefined)
    throw failure instanceof VouchError ? failure : new VouchError(failure.code, failure)
}

function rootOver(leaves: Leaves, leaf: bigint): bigint {
  return 'siblings' in leaves ? rootOfPath(REGISTRY_DEPTH, leaf, leaves) : fixedRoot(REGISTRY_DEPTH, leaves)
}

export function isSignedBy(
  { publicKey }: Pick<Service, 'publicKey'>,
  signature: Uint8Array,
  digest: Uint8Array,
): boolean {
  try {
    const point = concat(Uint8Array.of(4), publicKey.x, publicKey.y)
    return secp256k1.verify(signature, digest, point, { prehash: false, lowS: true })
  } catch {
    return false // a key that is no point, or bytes that are no signature
  }
}
