import type { EnclaveReport, EvidenceFile, TdReport } from '@vouch/evidence'
import {
  type SimulatedAzureTdReport,
  type SimulatedDcapCollateral,
  type SimulatedDcapQuote,
  type SimulatedIntelPlatform,
  simulatedAzureTdx,
  simulatedEnclaveReport,
  simulatedTdReport,
} from '@vouch/evidence/simulated'
import { toHex } from '@vouch/protocol'
import { openSimulatedIntel } from '../../fixtures/simulated-intel/index.js'
import { NOW, rootsOf } from './simulated.js'
import { pcrs, quotePinsJson } from './tpm.js'

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

const tcb = { statuses: ['UpToDate', 'SWHardeningNeeded'], min_evaluation: 20 }

export const tdxPinsJson = {
  roots: rootsOf('simulated-tdx'),
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
  roots: rootsOf('simulated-sgx'),
  enclaves: { mrenclaves: [toHex(enclave.mrEnclave)] },
  attributes: { debug: false },
  tcb,
}

const azure = await simulatedAzureTdx(intel)

/** A simulated machine of Azure on TDX, with what is asked for changed. */
export const attestAzureTdx = (
  changes: Partial<SimulatedAzureTdReport> & Pick<Changes, 'platform' | 'collateral'> = {},
): Promise<readonly EvidenceFile[]> =>
  azure.attest(
    { ...platform, ...changes.platform },
    { reportData, pcrs, ...changes },
    { ...collateral, ...changes.collateral },
  )

export const azureTdxPinsJson = {
  ...tdxPinsJson,
  roots: rootsOf('simulated-azure-tdx'),
  ...quotePinsJson,
}
