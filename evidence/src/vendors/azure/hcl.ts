import { fromInteger, shown, VouchError } from '@vouch/protocol'
import { TD_REPORT_STRUCT_BYTES } from '../dcap/td-report.js'
import { REPORT_BYTES } from '../snp/layout.js'
import {
  DATA_VERSION,
  HASH_TYPE,
  HCL,
  HCL_HEADER_BYTES,
  HW_REPORT_BYTES,
  MAX_HCL_BYTES,
  REPORT_TYPE,
  REQUEST_DATA_BYTES,
  REQUEST_TYPE,
  SIGNATURE,
  VARIABLE_DATA,
  VERSIONS,
} from './layout.js'
import type { HclReport } from './types.js'

/** Zeros fill up the rest. */
const HARDWARE_BYTES: Readonly<Record<HclReport['hardware'], number>> = {
  snp: REPORT_BYTES,
  tdx: TD_REPORT_STRUCT_BYTES,
}

/** Whether bytes are meant as a report of the host compatibility layer. */
export function looksLikeHcl(bytes: Uint8Array): boolean {
  return bytes.length > HCL_HEADER_BYTES && SIGNATURE.every((byte, i) => bytes[i] === byte)
}

/** Reads a report, and sets apart what stands behind it: the TPM index that it is read from has a fixed size. */
export function parseHcl(bytes: Uint8Array): { readonly hcl: HclReport; readonly trailing: Uint8Array } {
  if (bytes.length < VARIABLE_DATA || bytes.length > MAX_HCL_BYTES) {
    throw new VouchError(bytes.length < VARIABLE_DATA ? 'TRUNCATED' : 'TOO_LARGE', {
      rule: `a HCL report must have ${VARIABLE_DATA} to ${MAX_HCL_BYTES} bytes`,
      given: `${bytes.length}`,
    })
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const number = (name: keyof typeof HCL): number => view.getUint32(HCL[name].offset, true)
  const version = number('Version')
  if (!VERSIONS.includes(version) || number('DataVersion') !== DATA_VERSION) {
    throw new VouchError('VERSION_UNKNOWN', {
      rule: `a HCL report must have version ${VERSIONS.join(' or ')}, and request data of version ${DATA_VERSION}`,
      given: `${version}, ${number('DataVersion')}`,
    })
  }
  must(
    number('RequestType') === REQUEST_TYPE && number('Status') === 0,
    'be an answer to a request for a report',
  )
  must(looksLikeHcl(bytes), 'start with its Signature, HCLA')
  must(isZero(slice(bytes, HCL.Reserved)), 'have zeros in Reserved')
  const size = number('VariableDataSize')
  must(number('DataSize') === REQUEST_DATA_BYTES + size, 'have a DataSize that fits its VariableDataSize')
  const total = HCL_HEADER_BYTES + HW_REPORT_BYTES + REQUEST_DATA_BYTES + size
  must(number('ReportSize') === total, 'have a ReportSize that fits its parts')
  if (VARIABLE_DATA + size > bytes.length)
    throw new VouchError('TRUNCATED', { rule: 'a HCL report must hold its variable data' })
  const hardware = named(REPORT_TYPE, number('ReportType'), 'ReportType')
  const hash = named(HASH_TYPE, number('ReportDataHashType'), 'ReportDataHashType')
  const hwReport = slice(bytes, HCL.HwReport)
  must(isZero(hwReport.subarray(HARDWARE_BYTES[hardware])), 'have zeros behind a shorter hardware report')
  const end = VARIABLE_DATA + size
  return {
    hcl: {
      version,
      hardware,
      hash,
      hardwareReport: hwReport.subarray(0, HARDWARE_BYTES[hardware]),
      runtimeData: bytes.subarray(VARIABLE_DATA, end),
    },
    trailing: bytes.subarray(end),
  }
}

/** The bytes of a report: the same that it was read from. */
export function encodeHcl({ version, hardware, hash, hardwareReport, runtimeData }: HclReport): Uint8Array {
  const bytes = new Uint8Array(VARIABLE_DATA + runtimeData.length)
  const put = (name: keyof typeof HCL, value: number): void =>
    bytes.set(fromInteger(value, HCL[name].size).reverse(), HCL[name].offset)
  bytes.set(SIGNATURE, HCL.Signature.offset)
  put('Version', version)
  put('ReportSize', HCL_HEADER_BYTES + HW_REPORT_BYTES + REQUEST_DATA_BYTES + runtimeData.length)
  put('RequestType', REQUEST_TYPE)
  bytes.set(hardwareReport, HCL.HwReport.offset)
  put('DataSize', REQUEST_DATA_BYTES + runtimeData.length)
  put('DataVersion', DATA_VERSION)
  put('ReportType', REPORT_TYPE[hardware])
  put('ReportDataHashType', HASH_TYPE[hash])
  put('VariableDataSize', runtimeData.length)
  bytes.set(runtimeData, VARIABLE_DATA)
  return bytes
}

function slice(
  bytes: Uint8Array,
  { offset, size }: { readonly offset: number; readonly size: number },
): Uint8Array {
  return bytes.subarray(offset, offset + size)
}

const isZero = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0)

function named<Name extends string>(
  table: Readonly<Record<Name, number>>,
  number: number,
  field: string,
): Name {
  const name = (Object.keys(table) as Name[]).find((candidate) => table[candidate] === number)
  if (name !== undefined) return name
  throw new VouchError('ALGORITHM_UNKNOWN', {
    rule: `${field} of a HCL report must be one that is known here`,
    given: shown(number),
  })
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new VouchError('NOT_CANONICAL', { rule: `a HCL report must ${rule}` })
}
