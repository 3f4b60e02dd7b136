import { toHex } from '@vouch/protocol'
import { chosen, type ExplainedField, field, inDecimals, Walk, zeros } from '../../core/explain.js'
import { parseHcl } from './hcl.js'
import { HCL, VARIABLE_DATA } from './layout.js'
import { parseRuntimeData } from './runtime-data.js'

export function explainHcl(bytes: Uint8Array): readonly ExplainedField[] {
  const { hcl } = parseHcl(bytes)
  const walk = new Walk(bytes)
  walk.table(HCL, VARIABLE_DATA, {
    Signature: chosen,
    Version: inDecimals,
    ReportSize: inDecimals,
    RequestType: inDecimals,
    Status: inDecimals,
    HwReport: () => `${hcl.hardware} report: show it as a file of its own`,
    DataSize: inDecimals,
    DataVersion: inDecimals,
    ReportType: () => hcl.hardware,
    ReportDataHashType: () => hcl.hash,
    VariableDataSize: inDecimals,
  })
  walk.take('VariableData', hcl.runtimeData.length, chosen)
  walk.rest('behind the report', zeros)
  return walk.fields
}

export function explainRuntimeData(bytes: Uint8Array): readonly ExplainedField[] {
  const { attestationKey, userData, vmConfiguration } = parseRuntimeData(bytes)
  return [
    field('HCLAkPub', toHex(attestationKey), 'the key of the virtual TPM, as SubjectPublicKeyInfo'),
    ...(userData === undefined ? [] : [field('user-data', toHex(userData))]),
    ...Object.entries(vmConfiguration).map(([name, value]) => field(`vm-configuration.${name}`, `${value}`)),
  ]
}
