import { chosen, type ExplainedField, littleEndian, Walk, zeros } from '../../core/explain.js'
import { parseHcl } from './hcl.js'
import { HCL, VARIABLE_DATA } from './layout.js'

export function explainHcl(bytes: Uint8Array): readonly ExplainedField[] {
  const { hcl } = parseHcl(bytes)
  const walk = new Walk(bytes)
  walk.table(HCL, VARIABLE_DATA, {
    Signature: chosen,
    Version: littleEndian,
    ReportSize: littleEndian,
    RequestType: littleEndian,
    Status: littleEndian,
    HwReport: () => `${hcl.hardware} report: show it as a file of its own`,
    DataSize: littleEndian,
    DataVersion: littleEndian,
    ReportType: () => hcl.hardware,
    ReportDataHashType: () => hcl.hash,
    VariableDataSize: littleEndian,
  })
  walk.take('VariableData', hcl.runtimeData.length, chosen)
  walk.rest('behind the report', zeros)
  return walk.fields
}
