import { type AdmissionPolicy, admissionPolicyFrom, printAdmissionPolicy } from '@vouch/evidence'
import { type JsonObject, parseJson, textOf, VouchError } from '@vouch/protocol'

/** The documents of the policies in force, as a registry publishes them. Their ids are computed by each reader, and never read. */
export const printPolicies = (policies: readonly AdmissionPolicy[]): string =>
  `{"policies":[${policies.map(printAdmissionPolicy).join(',')}]}`

export function parsePolicies(file: string | Uint8Array): readonly AdmissionPolicy[] {
  const json = parseJson(typeof file === 'string' ? file : textOf(file))
  const listed = json instanceof Map ? (json as JsonObject).get('policies') : undefined
  if (!Array.isArray(listed)) throw new VouchError('VALUE_MALFORMED', { rule: 'policies must be a list' })
  return listed.map((policy) => admissionPolicyFrom(policy))
}
