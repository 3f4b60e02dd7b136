import {
  ANCHORS,
  type EnclaveReport,
  type EvidenceFile,
  type SimulatedDcapCollateral,
  type SimulatedDcapQuote,
  type SimulatedIntelPlatform,
  simulatedEnclaveReport,
  simulatedTdReport,
  type TdReport,
} from '@vouch/evidence'
import { toHex } from '@vouch/protocol'
import { openSimulatedIntel } from '../../../fixtures/simulated-intel/index.js'
import { NOW } from './simulated.js'

export const intel = openSimulatedIntel()
export const platform: SimulatedIntelPlatform = { ppid: new Uint8Array(16).fill(0xb1) }
export const reportData = Uint8Array.from({ length: 64 }, (_, i) => i)
export const guest: TdReport = simulatedTdReport(reportData)
export const enclave: EnclaveReport = simulatedEnclaveReport(reportData)
export const collateral: SimulatedDcapCollateral = { issued: NOW - 86_400, nextUpdate: NOW + 86_400 }

/** A guest of TDX 1.5. */
export const guest15: TdReport = {
  ...guest,
  body: 'tdx-1.5',
  current: { teeTcbSvn2: guest.teeTcbSvn, mrServiceTd: new Uint8Array(48) },
}

interface Changes {
  readonly platform?: Partial<SimulatedIntelPlatform>
  readonly quote?: Partial<SimulatedDcapQuote>
  readonly guest?: Partial<TdReport>
  readonly collateral?: Partial<SimulatedDcapCollateral>
}

/** A simulated guest's quote with its collateral, with what is asked for changed. */
export function quoteGuest(changes: Changes = {}): Promise<readonly EvidenceFile[]> {
  return intel.attest(
    { ...platform, ...changes.platform },
    { report: { ...guest, ...changes.guest }, ...changes.quote },
    { ...collateral, ...changes.collateral },
  )
}

/** A simulated enclave's quote with its collateral. */
export function quoteEnclave(
  changes: Omit<Changes, 'guest'> & { readonly enclave?: Partial<EnclaveReport> } = {},
): Promise<readonly EvidenceFile[]> {
  return intel.attest(
    { ...platform, ...changes.platform },
    { version: 3, report: { ...enclave, ...changes.enclave }, ...changes.quote },
    { ...collateral, ...changes.collateral },
  )
}

/** The files with one of them changed, or left out. */
export function withFile(
  files: readonly EvidenceFile[],
  name: string,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): readonly EvidenceFile[] {
  return files.flatMap((file) => {
    const bytes = file.name === name ? change(file.bytes) : file.bytes
    return bytes === undefined ? [] : [{ ...file, bytes }]
  })
}

const rootOf = (kind: string): string =>
  toHex(ANCHORS.find((anchor) => anchor.kind === kind)?.spki ?? new Uint8Array())

const tcb = { statuses: ['UpToDate', 'SWHardeningNeeded'], min_evaluation: 20 }

export const tdxPinsJson = {
  roots: [rootOf('simulated-tdx')],
  measurements: [
    {
      mrtd: toHex(guest.mrTd),
      rtmr0: toHex(guest.rtmrs[0]),
      rtmr1: toHex(guest.rtmrs[1]),
      rtmr2: toHex(guest.rtmrs[2]),
    },
  ],
  td_attributes: { debug: false, migratable: false, perfmon: false, sept_ve: false },
  tcb,
}

export const sgxPinsJson = {
  roots: [rootOf('simulated-sgx')],
  enclaves: { mrenclaves: [toHex(enclave.mrEnclave)] },
  attributes: { debug: false },
  tcb,
}

/** The JSON of a policy for one kind. */
export const policyFor = (kind: string, pins: unknown) => ({
  version: 1,
  name: 'machines of the tests',
  evidence: { [kind]: pins },
  os_images: ['05'.repeat(32)],
  quota: 2,
  ttl: 172_800,
  collateral: { revocation: 'required', max_age: 604_800, grace: 86_400 },
})
