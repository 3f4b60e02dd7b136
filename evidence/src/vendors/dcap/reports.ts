import { concat, VouchError } from '@vouch/protocol'
import { assemble, bytesAt, numberAt } from '../../core/fields.js'
import {
  ENCLAVE_REPORT,
  ENCLAVE_REPORT_BYTES,
  ENCLAVE_REPORT_RESERVED,
  TD_REPORT_10,
  TD_REPORT_10_BYTES,
  TD_REPORT_15,
  TD_REPORT_15_BYTES,
} from './layout.js'
import type { EnclaveReport, TdReport } from './types.js'

export function parseEnclaveReport(bytes: Uint8Array): EnclaveReport {
  for (const field of ENCLAVE_REPORT_RESERVED) {
    if (bytesAt(bytes, field).some((byte) => byte !== 0)) {
      throw new VouchError('NOT_CANONICAL', {
        rule: "reserved bytes of an enclave's report must be zero",
        given: `offset ${field.offset}`,
      })
    }
  }
  const slice = (name: keyof typeof ENCLAVE_REPORT): Uint8Array => bytesAt(bytes, ENCLAVE_REPORT[name])
  const number = (name: keyof typeof ENCLAVE_REPORT): number => numberAt(bytes, ENCLAVE_REPORT[name])
  return {
    body: 'sgx',
    cpuSvn: slice('CPUSVN'),
    miscSelect: slice('MISCSELECT'),
    isvExtProdId: slice('ISVEXTPRODID'),
    attributes: slice('ATTRIBUTES'),
    mrEnclave: slice('MRENCLAVE'),
    mrSigner: slice('MRSIGNER'),
    configId: slice('CONFIGID'),
    isvProdId: number('ISVPRODID'),
    isvSvn: number('ISVSVN'),
    configSvn: number('CONFIGSVN'),
    isvFamilyId: slice('ISVFAMILYID'),
    reportData: slice('REPORTDATA'),
  }
}

export function encodeEnclaveReport(report: EnclaveReport): Uint8Array {
  return assemble(ENCLAVE_REPORT, ENCLAVE_REPORT_BYTES, {
    CPUSVN: report.cpuSvn,
    MISCSELECT: report.miscSelect,
    ISVEXTPRODID: report.isvExtProdId,
    ATTRIBUTES: report.attributes,
    MRENCLAVE: report.mrEnclave,
    MRSIGNER: report.mrSigner,
    CONFIGID: report.configId,
    ISVPRODID: report.isvProdId,
    ISVSVN: report.isvSvn,
    CONFIGSVN: report.configSvn,
    ISVFAMILYID: report.isvFamilyId,
    REPORTDATA: report.reportData,
  })
}

export function parseTdReport(bytes: Uint8Array, body: TdReport['body']): TdReport {
  const slice = (name: keyof typeof TD_REPORT_15): Uint8Array => bytesAt(bytes, TD_REPORT_15[name])
  const report = {
    body,
    teeTcbSvn: slice('TEE_TCB_SVN'),
    mrSeam: slice('MRSEAM'),
    mrSignerSeam: slice('MRSIGNERSEAM'),
    seamAttributes: slice('SEAMATTRIBUTES'),
    tdAttributes: slice('TDATTRIBUTES'),
    xfam: slice('XFAM'),
    mrTd: slice('MRTD'),
    mrConfigId: slice('MRCONFIGID'),
    mrOwner: slice('MROWNER'),
    mrOwnerConfig: slice('MROWNERCONFIG'),
    rtmrs: [slice('RTMR0'), slice('RTMR1'), slice('RTMR2'), slice('RTMR3')] as const,
    reportData: slice('REPORTDATA'),
  }
  if (body === 'tdx-1.0') return report
  return { ...report, current: { teeTcbSvn2: slice('TEE_TCB_SVN_2'), mrServiceTd: slice('MRSERVICETD') } }
}

export function encodeTdReport(report: TdReport): Uint8Array {
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmrs
  const launch = assemble(TD_REPORT_10, TD_REPORT_10_BYTES, {
    TEE_TCB_SVN: report.teeTcbSvn,
    MRSEAM: report.mrSeam,
    MRSIGNERSEAM: report.mrSignerSeam,
    SEAMATTRIBUTES: report.seamAttributes,
    TDATTRIBUTES: report.tdAttributes,
    XFAM: report.xfam,
    MRTD: report.mrTd,
    MRCONFIGID: report.mrConfigId,
    MROWNER: report.mrOwner,
    MROWNERCONFIG: report.mrOwnerConfig,
    RTMR0: rtmr0,
    RTMR1: rtmr1,
    RTMR2: rtmr2,
    RTMR3: rtmr3,
    REPORTDATA: report.reportData,
  })
  if (report.current === undefined) return launch
  const { teeTcbSvn2, mrServiceTd } = report.current
  const whole = concat(launch, teeTcbSvn2, mrServiceTd)
  if (whole.length === TD_REPORT_15_BYTES) return whole
  throw new VouchError('VALUE_MALFORMED', {
    rule: `a report of TDX 1.5 must have ${TD_REPORT_15_BYTES} bytes`,
  })
}
