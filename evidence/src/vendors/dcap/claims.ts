import { toInteger } from '@vouch/protocol'
import { reportSlots } from '../claims.js'
import type { DcapAnchor } from './anchors.js'
import { ENCLAVE_ATTRIBUTE, TD_ATTRIBUTE, TD_UNDER_DEBUG } from './layout.js'
import type {
  DcapClaims,
  DcapEvidence,
  EnclaveReport,
  Platform,
  SgxClaims,
  TcbStanding,
  TdReport,
  TdxClaims,
} from './types.js'

interface Known {
  readonly anchor: DcapAnchor
  readonly platform: Platform
  readonly tcb: TcbStanding
  readonly collateral: DcapClaims['collateral']
  readonly machineIdentity: Uint8Array
}

/** What an authentic quote says, in words of our own. */
export function claimsOf(
  { quote, eventLog }: DcapEvidence,
  { anchor, platform: { ppid: _, ...platform }, tcb, collateral, machineIdentity }: Known,
): DcapClaims {
  const { report, behind } = quote
  const firstByte = behind.findIndex((byte) => byte !== 0)
  const common = {
    root: anchor,
    machineIdentity,
    slots: reportSlots(report),
    reportData: report.reportData,
    quoteVersion: quote.version,
    tcb,
    platform,
    padding: firstByte < 0 ? behind.length : firstByte,
    trailing: firstByte < 0 ? 0 : behind.length - firstByte,
    collateral,
  }
  const simulated = anchor.kind.startsWith('simulated-')
  if (report.body === 'sgx')
    return { kind: simulated ? 'simulated-sgx' : 'sgx', ...common, ...enclaveOf(report) }
  const events = eventLog === undefined ? {} : { eventLog: { events: eventLog.events.length } }
  return { kind: simulated ? 'simulated-tdx' : 'tdx', ...common, ...guestOf(report), ...events }
}

/** Bits of a little-endian field. */
const bitsOf = (bytes: Uint8Array): bigint => toInteger(bytes.slice().reverse())
const isSet = (bits: bigint, position: bigint): boolean => ((bits >> position) & 1n) === 1n

function enclaveOf(report: EnclaveReport): Omit<SgxClaims, keyof DcapClaims> {
  const { mrEnclave, mrSigner, isvProdId, isvSvn, isvExtProdId, isvFamilyId, configId, configSvn } = report
  const bits = bitsOf(report.attributes)
  return {
    mrEnclave,
    mrSigner,
    isvProdId,
    isvSvn,
    isvExtProdId,
    isvFamilyId,
    configId,
    configSvn,
    debug: isSet(bits, ENCLAVE_ATTRIBUTE.DEBUG),
    provisionKey: isSet(bits, ENCLAVE_ATTRIBUTE.PROVISION_KEY),
  }
}

const KNOWN_TD_BITS = Object.values(TD_ATTRIBUTE).reduce((known, bit) => known | (1n << bit), TD_UNDER_DEBUG)

function guestOf(report: TdReport): Omit<TdxClaims, keyof DcapClaims> {
  const [rtmr0, rtmr1, rtmr2, rtmr3] = report.rtmrs
  const bits = bitsOf(report.tdAttributes)
  return {
    measurements: { mrtd: report.mrTd, rtmr0, rtmr1, rtmr2, rtmr3 },
    mrConfigId: report.mrConfigId,
    mrOwner: report.mrOwner,
    mrOwnerConfig: report.mrOwnerConfig,
    ...(report.current === undefined ? {} : { mrServiceTd: report.current.mrServiceTd }),
    mrSeam: report.mrSeam,
    tdAttributes: {
      debug: (bits & TD_UNDER_DEBUG) !== 0n,
      migratable: isSet(bits, TD_ATTRIBUTE.MIGRATABLE),
      perfmon: isSet(bits, TD_ATTRIBUTE.PERFMON),
      septVe: !isSet(bits, TD_ATTRIBUTE.SEPT_VE_DISABLE),
      unknown: (bits & ~KNOWN_TD_BITS) !== 0n,
    },
    xfam: report.xfam,
  }
}
