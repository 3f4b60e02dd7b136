import { type Json, policyId } from '@vouch/protocol'
import { parseFile, printFile } from '@vouch/protocol/codec'
import { unsound } from '../core/policy/frame.js'
import type { AdmissionPolicy } from '../tables/policy.js'
import { isSimulatedIn, kindIn, type Tables } from '../tables/tables.js'
import type { KindName } from '../tables/vendors.js'
import { assertSoundGpus } from '../vendors/nvidia/pins.js'

const WHAT = 'admission policy'

/** Reads an admission policy from JSON; one that would hold nothing off does not load. */
export function parsePolicyIn(tables: Tables, file: string | Uint8Array): AdmissionPolicy {
  return sound(tables, parseFile(tables.policyCodec, file, WHAT))
}

/** An admission policy out of JSON that was read already, as from YAML. */
export function policyFromJsonIn(tables: Tables, json: Json): AdmissionPolicy {
  return sound(tables, tables.policyCodec.fromJson(json, WHAT))
}

/** The canonical JSON of an admission policy: the text whose hash is its id. Lists in it ascend. */
export function printPolicyIn(tables: Tables, policy: AdmissionPolicy): string {
  return printFile(tables.policyCodec, sound(tables, policy), WHAT)
}

/** The policy's id; from 2^248 when it admits simulated evidence. */
export function policyIdIn(tables: Tables, policy: AdmissionPolicy): bigint {
  return policyId(tables.policyCodec.toJson(sound(tables, policy)), {
    simulated: admitsSimulatedIn(tables, policy),
  })
}

/** Whether the policy admits evidence that is worth nothing. */
export function admitsSimulatedIn(tables: Tables, policy: AdmissionPolicy): boolean {
  return kindsOf(policy).some((kind) => isSimulatedIn(tables, kind))
}

/** The kinds that a policy names. */
export function kindsOf({ evidence }: AdmissionPolicy): readonly KindName[] {
  return Object.keys(evidence) as KindName[]
}

/** A policy is worth its weakest kind, and nobody who sees its id can tell which kind it was. */
function sound(tables: Tables, policy: AdmissionPolicy): AdmissionPolicy {
  const kinds = kindsOf(policy)
  if (kinds.length > 1 && kinds.some((kind) => isSimulatedIn(tables, kind))) {
    throw unsound('a policy that names a simulated kind must name no other', kinds.join(', '))
  }
  if (policy.gpus !== undefined)
    assertSoundGpus(
      policy.gpus,
      kinds.some((kind) => isSimulatedIn(tables, kind)),
    )
  for (const kind of kinds) {
    const pins = policy.evidence[kind]
    if (pins !== undefined) kindIn(tables, kind).assertSound(kind, pins, policy)
  }
  return policy
}

/** What a person should know who relies on this policy: nothing of it keeps the policy from loading. */
export function warningsIn(tables: Tables, policy: AdmissionPolicy): readonly string[] {
  return [
    ...(admitsSimulatedIn(tables, policy)
      ? ['it admits simulated evidence: nothing genuine may stand behind it']
      : []),
    ...(policy.quota === 'none' ? ['it has no quota: one machine may fill the registry'] : []),
    ...(policy.collateral.revocation === 'when_given'
      ? ['it does not require revocation lists: a machine whose key leaked leaves them out']
      : []),
    ...kindsOf(policy).flatMap((kind) =>
      kindIn(tables, kind)
        .warnings(policy.evidence[kind])
        .map((warning) => `${kind}: ${warning}`),
    ),
  ]
}
