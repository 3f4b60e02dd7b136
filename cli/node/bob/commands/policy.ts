import {
  admissionPolicyCodec,
  admissionPolicyId,
  admitsSimulated,
  printAdmissionPolicy,
  warningsOf,
} from '@vouch/evidence'
import { MACHINE_KINDS, type MachineKind, policyTemplate, readAdmissionPolicy } from '@vouch/evidence/node'
import { fieldHex, type Terminal, table, writeWhole } from '@vouch/host/node'
import { type Json, type JsonObject, plain, shown, VouchError } from '@vouch/protocol'

/** `bob policy init`: an admission policy to fill in. */
export async function policyInitCommand(
  out: Terminal,
  {
    kind,
    simulated,
    out: path,
  }: { readonly kind?: string; readonly simulated?: true; readonly out?: string },
): Promise<number> {
  if (simulated && kind !== undefined)
    throw new VouchError('USAGE', {
      rule: '--simulated names a kind of its own: it does not stand beside --kind',
    })
  const text = policyTemplate(kindNamed(kind ?? (simulated ? 'simulated-snp' : 'sev-snp')))
  if (path === undefined) {
    out.data(text.trimEnd())
    return 0
  }
  await writeWhole(path, text)
  out.words(`bob: wrote ${path}: fill in what stands in <angle brackets>, then run bob policy check`)
  return 0
}

function kindNamed(text: string): MachineKind {
  const kind = MACHINE_KINDS.find((name) => name === text)
  if (kind !== undefined) return kind
  throw new VouchError('USAGE', {
    rule: `--kind must be one of ${MACHINE_KINDS.join(', ')}`,
    given: shown(text),
  })
}

/** `bob policy id`: the id alone. */
export async function policyIdCommand(out: Terminal, path: string, json: boolean): Promise<number> {
  const id = fieldHex(admissionPolicyId(await readAdmissionPolicy(path)))
  out.data(json ? JSON.stringify({ policy_id: id }) : id)
  return 0
}

/** `bob policy show`: what a policy says, as text, or as the canonical JSON that is hashed. */
export async function policyShowCommand(out: Terminal, path: string, json: boolean): Promise<number> {
  const policy = await readAdmissionPolicy(path)
  if (json) {
    out.data(printAdmissionPolicy(policy))
    return 0
  }
  out.data(`${policy.name}: admission policy`)
  out.data(
    table([
      ...rows('', admissionPolicyCodec.toJson(policy)),
      ['  → policy id', fieldHex(admissionPolicyId(policy))],
    ]),
  )
  return 0
}

/** `bob policy check`: whether a policy loads, and what a person should know who relies on it. */
export async function policyCheckCommand(out: Terminal, path: string, json: boolean): Promise<number> {
  const policy = await readAdmissionPolicy(path)
  const id = fieldHex(admissionPolicyId(policy))
  const warnings = warningsOf(policy)
  if (json) out.data(JSON.stringify({ policy_id: id, simulated: admitsSimulated(policy), warnings }, null, 2))
  else out.data(`${policy.name}: loads, ${id}`)
  for (const warning of warnings) out.words(`bob: warning: ${warning}`)
  return 0
}

/** Every value of the policy on a line of its own, under the path that leads to it. */
function rows(path: string, value: Json): string[][] {
  if (value instanceof Map) {
    return [...(value as JsonObject)].flatMap(([name, member]) =>
      rows(path === '' ? `  ${name}` : `${path}.${name}`, member),
    )
  }
  if (Array.isArray(value)) return value.map((item: Json) => [path, String(plain(item))])
  return [[path, String(value)]]
}
