import { type Json, policyId } from '@vouch/protocol'
import { parseFile, printFile } from '@vouch/protocol/codec'
import type { KindName } from '../core/kind-name.js'
import { unsound } from '../core/policy/unsound.js'
import { isSimulatedKind, kindOf } from '../tables/kinds.js'
import { type AdmissionPolicy, admissionPolicyCodec } from '../tables/policy.js'
import { assertSoundGpus } from '../vendors/nvidia/pins.js'

const WHAT = 'admission policy'

/** Reads an admission policy from JSON; one that would hold nothing off does not load. */
export function parseAdmissionPolicy(file: string | Uint8Array): AdmissionPolicy {
  return sound(parseFile(admissionPolicyCodec, file, WHAT))
}

/** An admission policy out of JSON that was read already, as from YAML. */
export function admissionPolicyFrom(json: Json): AdmissionPolicy {
  return sound(admissionPolicyCodec.fromJson(json, WHAT))
}

/** The canonical JSON of an admission policy: the text whose hash is its id. Lists in it ascend. */
export function printAdmissionPolicy(policy: AdmissionPolicy): string {
  return printFile(admissionPolicyCodec, sound(policy), WHAT)
}

/** The policy's id; from 2^248 when it admits simulated evidence. */
export function admissionPolicyId(policy: AdmissionPolicy): bigint {
  return policyId(admissionPolicyCodec.toJson(sound(policy)), { simulated: admitsSimulated(policy) })
}

/** Whether the policy admits evidence that is worth nothing. */
export function admitsSimulated(policy: AdmissionPolicy): boolean {
  return kindsOf(policy).some(isSimulatedKind)
}

/** The kinds that a policy names. */
export function kindsOf({ evidence }: AdmissionPolicy): readonly KindName[] {
  return Object.keys(evidence) as KindName[]
}

/** A policy is worth its weakest kind, and nobody who sees its id can tell which kind it was. */
function sound(policy: AdmissionPolicy): AdmissionPolicy {
  const kinds = kindsOf(policy)
  if (kinds.length > 1 && kinds.some(isSimulatedKind)) {
    throw unsound('a policy that names a simulated kind must name no other', kinds.join(', '))
  }
  if (policy.gpus !== undefined) assertSoundGpus(policy.gpus, kinds.some(isSimulatedKind))
  for (const kind of kinds) {
    const pins = policy.evidence[kind]
    if (pins !== undefined) kindOf(kind).assertSound(kind, pins, policy)
  }
  return policy
}

/** What a person should know who relies on this policy: nothing of it keeps the policy from loading. */
export function warningsOf(policy: AdmissionPolicy): readonly string[] {
  return [
    ...(admitsSimulated(policy) ? ['it admits simulated evidence: nothing genuine may stand behind it'] : []),
    ...(policy.quota === 'none' ? ['it has no quota: one machine may fill the registry'] : []),
    ...(policy.collateral.revocation === 'when_given'
      ? ['it does not require revocation lists: a machine whose key leaked leaves them out']
      : []),
    ...kindsOf(policy).flatMap((kind) =>
      kindOf(kind)
        .warnings(policy.evidence[kind])
        .map((warning) => `${kind}: ${warning}`),
    ),
  ]
}
