import { fieldFromHash, halves } from '../hashes/field.js'
import { p2, TAG } from '../hashes/poseidon2.js'
import { canonicalJson, type Json } from '../notation/json.js'
import { fixedRoot, POLICIES_DEPTH, SERVICES_DEPTH } from './fixed-tree.js'

/** At most this many of each may be named in a Request. */
export const MAX_POLICIES = 2 ** POLICIES_DEPTH
export const MAX_SERVICES = 2 ** SERVICES_DEPTH

/** What a simulated policy's id starts at. Anyone sees from the id alone that nothing genuine stands behind it. */
export const SIMULATED_POLICIES = 2n ** 248n
/** What every policy id is below. */
export const POLICY_ID_LIMIT = 2n ** 249n

/** The name of an admission policy: a hash of its canonical JSON, in a domain of its own when it admits simulated evidence. */
export function policyId(policy: Json, { simulated }: { readonly simulated: boolean }): bigint {
  const content = new TextEncoder().encode(canonicalJson(policy))
  return simulated
    ? SIMULATED_POLICIES + fieldFromHash('vouch-policy-simulated-v1', content)
    : fieldFromHash('vouch-policy-v1', content)
}

export function isSimulated(policyId: bigint): boolean {
  return policyId >= SIMULATED_POLICIES
}

/** Leaf of the policies tree. */
export function acceptedPolicy(policyId: bigint): bigint {
  return p2(TAG.POLICY, policyId, 0n)
}

/** Leaf of the services tree. */
export function acceptedService(drv: Uint8Array): bigint {
  return p2(TAG.SERVICE, ...halves(drv))
}

/** Root over policy ids in ascending order. */
export function policiesRoot(policies: readonly bigint[]): bigint {
  return fixedRoot(POLICIES_DEPTH, policies.map(acceptedPolicy))
}

/** Root over drvs in ascending order. */
export function servicesRoot(services: readonly Uint8Array[]): bigint {
  return fixedRoot(SERVICES_DEPTH, services.map(acceptedService))
}
