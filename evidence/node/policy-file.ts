import { parseNamedFile } from '@vouch/host/node'
import { parseYaml } from '@vouch/host/yaml'
import { textOf } from '@vouch/protocol'
import { type AdmissionPolicy, admissionPolicyFrom, parseAdmissionPolicy } from '../src/index.js'

/** Reads an admission policy from a file: JSON, or YAML for the sake of its comments. */
export async function readAdmissionPolicy(path: string): Promise<AdmissionPolicy> {
  return parseNamedFile(path, (file) => readPolicyText(textOf(file)))
}

/** Reads an admission policy from text: what starts with a brace is JSON, and read as strictly as all JSON. */
export function readPolicyText(text: string): AdmissionPolicy {
  return /^\s*\{/.test(text) ? parseAdmissionPolicy(text) : admissionPolicyFrom(parseYaml(text))
}
