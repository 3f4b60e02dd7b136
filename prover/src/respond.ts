import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Backend, type CircuitName, keyHash } from '@vouch/circuits'
import {
  assertShape,
  type Bundle,
  buildServiceTree,
  concat,
  credential,
  decodeEnvelope,
  equalBytes,
  fixedRoot,
  inForceAt,
  nullifier,
  PROFILES,
  REGISTRY_DEPTH,
  type Request,
  registryLeaf,
  requestHash,
  respondInputs,
  rootOfPath,
  type Service,
  type Shape,
  scopeOf,
  VouchError,
} from '@vouch/protocol'
import { type Holding, type Leaves, leafMissing, respondWitness, type SignedEnvelope } from './witness.js'

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
  assertProvable(request, response, holding, leaves)
  const witness = respondWitness(request, response, holding, leaves)
  const { proof } = await backend.prove('respond', witness, signal === undefined ? {} : { signal })
  const pseudonym = nullifier(holding.holderSecret, scopeOf(request))
  // A reference string of an attacker's gives proofs that hide less than they should, and fail here.
  if (!(await backend.verify('respond', respondInputs(request, response.envelope, pseudonym), proof))) {
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
    nullifier: pseudonym,
    proof,
  }
}

/** Refuses, in words, what the circuit would refuse without any. */
function assertProvable(
  request: Request,
  { envelope, signature, service }: SignedEnvelope,
  { holderSecret, services, policyId, expiresAt }: Holding,
  leaves: Leaves,
): void {
  const leaf = registryLeaf(credential(buildServiceTree(services).root, holderSecret), policyId, expiresAt)
  const { clientNonce } = decodeEnvelope(envelope)
  const rules: readonly (readonly [holds: boolean, error: VouchError])[] = [
    [
      rootOver(leaves, leaf) === request.root,
      new VouchError('ROOT_NOT_ACCEPTED', {
        rule: "the registry's leaves must lead to the Request's root",
        hint: 'sync the registry',
      }),
    ],
    ['siblings' in leaves || leaves.includes(leaf), leafMissing()],
    [
      request.policies.includes(policyId),
      new VouchError('POLICY_NOT_ACCEPTED', { rule: 'the Request must accept the policy that admitted' }),
    ],
    [
      expiresAt >= inForceAt(request),
      new VouchError('CREDENTIAL_EXPIRED', { rule: 'the credential must be in force', hint: 'renew it' }),
    ],
    [
      request.services.some((drv) => equalBytes(drv, service.drv)),
      new VouchError('SERVICE_NOT_ACCEPTED', { rule: 'the Request must accept the service that signed' }),
    ],
    [
      request.freshness.kind !== 'challenge' || equalBytes(clientNonce, request.challenge),
      new VouchError('NONCE_MISMATCH', {
        rule: "the envelope's client nonce must be the Request's challenge",
      }),
    ],
    [
      isSignedBy(service, signature, PROFILES[request.profile].digest(envelope)),
      new VouchError('SIGNATURE_FALSE', {
        rule: "the envelope's signature must hold under the service's key and the Request's profile",
      }),
    ],
  ]
  for (const [holds, error] of rules) if (!holds) throw error
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
