import { textOf } from '@vouch/protocol'
import { readNamedFile } from '@vouch/protocol/node'
import { parseYaml } from '@vouch/protocol/node/yaml'
import { type AdmissionPolicy, admissionPolicyFrom, parseAdmissionPolicy } from '../src/index.js'

/** Reads an admission policy from a file: JSON, or YAML for the sake of its comments. */
export async function readAdmissionPolicy(path: string): Promise<AdmissionPolicy> {
  return readPolicyText(textOf(await readNamedFile(path)))
}

/** Reads an admission policy from text: what starts with a brace is JSON, and read as strictly as all JSON. */
export function readPolicyText(text: string): AdmissionPolicy {
  return /^\s*\{/.test(text) ? parseAdmissionPolicy(text) : admissionPolicyFrom(parseYaml(text))
}
