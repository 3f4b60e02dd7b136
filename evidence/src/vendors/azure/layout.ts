/**
 * The report of the host compatibility layer, which stands between a confidential virtual machine and Azure's host: Microsoft's
 * "Azure confidential VM guest attestation design", section "Attestation report". Numbers are little-endian.
 */

interface Field {
  readonly offset: number
  readonly size: number
}

const at = (offset: number, size: number): Field => ({ offset, size })

export const HCL = {
  Signature: at(0x00, 4),
  Version: at(0x04, 4),
  ReportSize: at(0x08, 4),
  RequestType: at(0x0c, 4),
  Status: at(0x10, 4),
  Reserved: at(0x14, 12),
  HwReport: at(0x20, 1184),
  // IGVM_REQUEST_DATA
  DataSize: at(0x4c0, 4),
  DataVersion: at(0x4c4, 4),
  ReportType: at(0x4c8, 4),
  ReportDataHashType: at(0x4cc, 4),
  VariableDataSize: at(0x4d0, 4),
} as const

export const HCL_HEADER_BYTES = 0x20
export const HW_REPORT_BYTES = 1184
export const VARIABLE_DATA = 0x4d4
/** IGVM_REQUEST_DATA without its variable data. */
export const REQUEST_DATA_BYTES = 20

export const SIGNATURE = [0x48, 0x43, 0x4c, 0x41] // "HCLA"
export const VERSIONS: readonly number[] = [1, 2]
export const DATA_VERSION = 1
/** RequestType of an attestation report. */
export const REQUEST_TYPE = 2

/** ReportType: whose report HwReport is. */
export const REPORT_TYPE = { snp: 2, tdx: 4 } as const

/** ReportDataHashType: how the hash of the runtime data came into REPORT_DATA. */
export const HASH_TYPE = { sha256: 1, sha384: 2, sha512: 3 } as const

/** The report lies in a TPM index of 2,600 bytes; what is larger is none. */
export const MAX_HCL_BYTES = 16_384
