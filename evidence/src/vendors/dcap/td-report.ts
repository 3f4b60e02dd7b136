import { sha384 } from '@noble/hashes/sha2.js'
import { type Checks, equalBytes, must, shown, VouchError } from '@vouch/protocol'
import { assemble, bytesAt, type Field, numberAt } from '../../core/fields.js'
import { TD_REPORT_10, TD_REPORT_15, TEE_TYPE } from './layout.js'
import { encodeTdReport } from './reports.js'
import type { EnclaveReport, TdReport } from './types.js'

// What a TDX module gives a guest before there is a quote of it: TDREPORT_STRUCT, in the words of Intel's "TDX Module ABI
// Specification". Its MAC is for the processor that made it, and nobody else can check it: the quote says what holds of it.

const at = (offset: number, size: number): Field => ({ offset, size })

export const TD_REPORT_STRUCT_BYTES = 1024
const TD_REPORT_STRUCT = {
  // REPORTMACSTRUCT
  TYPE: at(0, 1),
  SUBTYPE: at(1, 1),
  VERSION: at(2, 1),
  CPUSVN: at(16, 16),
  TEE_TCB_INFO_HASH: at(32, 48),
  TEE_INFO_HASH: at(80, 48),
  REPORTDATA: at(128, 64),
  MAC: at(224, 32),
  // TEE_TCB_INFO
  VALID: at(256, 8),
  TEE_TCB_SVN: at(264, 16),
  MRSEAM: at(280, 48),
  MRSIGNERSEAM: at(328, 48),
  SEAMATTRIBUTES: at(376, 8),
  TEE_TCB_SVN_2: at(384, 16),
  // TDINFO_STRUCT
  TDATTRIBUTES: at(512, 8),
  XFAM: at(520, 8),
  MRTD: at(528, 48),
  MRCONFIGID: at(576, 48),
  MROWNER: at(624, 48),
  MROWNERCONFIG: at(672, 48),
  RTMR0: at(720, 48),
  RTMR1: at(768, 48),
  RTMR2: at(816, 48),
  RTMR3: at(864, 48),
  MRSERVICETD: at(912, 48),
} as const
const RESERVED: readonly Field[] = [at(3, 13), at(192, 32), at(400, 112), at(960, 64)]

const TEE_TCB_INFO = at(256, 239)
const TDINFO = at(512, 512)

/** Refuses bytes that are no TD report. */
export function assertTdReport(bytes: Uint8Array): void {
  const type = numberAt(bytes, TD_REPORT_STRUCT.TYPE)
  if (bytes.length !== TD_REPORT_STRUCT_BYTES || type !== TEE_TYPE.tdx) {
    throw new VouchError('ALGORITHM_UNKNOWN', {
      rule: `a TD report must have ${TD_REPORT_STRUCT_BYTES} bytes, and be of a TDX module`,
      given: shown(type),
    })
  }
  const field = RESERVED.find((reserved) => bytesAt(bytes, reserved).some((byte) => byte !== 0))
  if (field === undefined) return
  throw new VouchError('NOT_CANONICAL', {
    rule: 'reserved bytes of a TD report must be zero',
    given: `offset ${field.offset}`,
  })
}

/** Checks a TD report against the quote that was made of it: all that both say is the same. */
export function checkTdReport(checks: Checks, bytes: Uint8Array, report: TdReport | EnclaveReport): void {
  const agree = (holds: boolean, rule: string): boolean =>
    must(checks, holds, 'EVIDENCE_BINDING_FALSE', { rule })
  if (!agree(report.body !== 'sgx', 'the quote beside a TD report must be of TDX')) return
  if (report.body === 'sgx') return
  const quoted = encodeTdReport(report)
  const fields = report.body === 'tdx-1.0' ? TD_REPORT_10 : TD_REPORT_15
  const different = Object.entries<Field>(fields).find(
    ([name, field]) =>
      !equalBytes(bytesAt(bytes, TD_REPORT_STRUCT[name as keyof typeof fields]), bytesAt(quoted, field)),
  )
  must(checks, different === undefined, 'EVIDENCE_BINDING_FALSE', {
    rule: 'the TD report must say what the quote says',
    ...(different === undefined ? {} : { given: `another ${different[0]}` }),
  })
  const isHashed = (hash: Field, part: Field): boolean =>
    equalBytes(bytesAt(bytes, hash), sha384(bytesAt(bytes, part)))
  agree(
    isHashed(TD_REPORT_STRUCT.TEE_TCB_INFO_HASH, TEE_TCB_INFO) &&
      isHashed(TD_REPORT_STRUCT.TEE_INFO_HASH, TDINFO),
    'the TD report must have the hashes of its parts',
  )
  checks.leave('the MAC of the TD report: the processor alone can check it, and the quote stands for it')
}

/** The TD report that a quote would be made of. */
export function encodeTdReportStruct(report: TdReport): Uint8Array {
  const quoted = encodeTdReport(report)
  const fields = report.body === 'tdx-1.0' ? TD_REPORT_10 : TD_REPORT_15
  const said = Object.entries<Field>(fields).map(([name, field]) => [name, bytesAt(quoted, field)])
  const bytes = assemble<Readonly<Record<string, Field>>>(TD_REPORT_STRUCT, TD_REPORT_STRUCT_BYTES, {
    TYPE: TEE_TYPE.tdx,
    ...Object.fromEntries(said),
  })
  bytes.set(sha384(bytesAt(bytes, TEE_TCB_INFO)), TD_REPORT_STRUCT.TEE_TCB_INFO_HASH.offset)
  bytes.set(sha384(bytesAt(bytes, TDINFO)), TD_REPORT_STRUCT.TEE_INFO_HASH.offset)
  return bytes
}
