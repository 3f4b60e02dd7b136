import { fromHex } from '@vouch/protocol'
import type { PckContent } from './simulated-pck.js'

// What the simulated vendor publishes of its platforms, in the members that Intel's documents have.

const SVNS = [3, 3, 2, 2, 4, 1, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0]
const OLD_SVNS = SVNS.map((svn) => Math.min(svn, 2))
const TDX_SVNS = [5, 1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
const OLD_TDX_SVNS = [3, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]

/** The simulated platforms: 2025-01-01 to 2049-12-31, so that certificates outlive the tests. */
export const SIMULATED_PLATFORM: Omit<PckContent, 'ppid' | 'spki'> = {
  svns: SVNS,
  pceSvn: 13,
  cpuSvn: new Uint8Array(16),
  pceId: new Uint8Array(2),
  fmspc: fromHex('f00d00000000'),
  notBefore: 1_735_689_600,
  notAfter: 2_524_607_999,
}

export const QE_SIGNER = new Uint8Array(32).fill(0x9e)
export const QE_ATTRIBUTES = Uint8Array.of(0x15, ...new Uint8Array(7), 0xe7, ...new Uint8Array(7))

interface Dates {
  readonly issued: number
  readonly nextUpdate: number
}

const iso = (seconds: number): string => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
const datesOf = ({ issued, nextUpdate }: Dates) => ({
  issueDate: iso(issued),
  nextUpdate: iso(nextUpdate),
  tcbEvaluationDataNumber: 20,
})
const components = (svns: readonly number[]) => svns.map((svn) => ({ svn }))
const NEW = { tcbDate: '2025-08-13T00:00:00Z', tcbStatus: 'UpToDate' } as const
const OLD = {
  tcbDate: '2024-03-13T00:00:00Z',
  tcbStatus: 'OutOfDate',
  advisoryIDs: ['SIMULATED-SA-00001'],
} as const

export function tcbInfoJson(
  id: 'SGX' | 'TDX',
  { tcbInfo, ...dates }: Dates & { readonly tcbInfo?: Readonly<Record<string, unknown>> },
): unknown {
  const zeros = '00'.repeat(48)
  const module = { mrsigner: zeros, attributes: '00'.repeat(8), attributesMask: 'FF'.repeat(8) }
  const level = (svns: readonly number[], tdx: readonly number[]) => ({
    sgxtcbcomponents: components(svns),
    pcesvn: 13,
    ...(id === 'TDX' ? { tdxtcbcomponents: components(tdx) } : {}),
  })
  return {
    id,
    version: 3,
    ...datesOf(dates),
    fmspc: 'F00D00000000',
    pceId: '0000',
    tcbType: 0,
    ...(id === 'TDX'
      ? {
          tdxModule: module,
          tdxModuleIdentities: [
            {
              id: 'TDX_01',
              ...module,
              tcbLevels: [
                { tcb: { isvsvn: 5 }, ...NEW },
                { tcb: { isvsvn: 3 }, ...OLD },
              ],
            },
          ],
        }
      : {}),
    tcbLevels: [
      { tcb: level(SVNS, TDX_SVNS), ...NEW },
      { tcb: level(OLD_SVNS, OLD_TDX_SVNS), ...OLD },
    ],
    ...tcbInfo,
  }
}

export function qeIdentityJson(
  tee: 'SGX' | 'TDX',
  { identity, ...dates }: Dates & { readonly identity?: Readonly<Record<string, unknown>> },
): unknown {
  return {
    id: tee === 'TDX' ? 'TD_QE' : 'QE',
    version: 2,
    ...datesOf(dates),
    miscselect: '00000000',
    miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000',
    attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000',
    mrsigner: '9E'.repeat(32),
    isvprodid: tee === 'TDX' ? 2 : 1,
    tcbLevels: [
      { tcb: { isvsvn: 8 }, ...NEW },
      { tcb: { isvsvn: 4 }, ...OLD },
    ],
    ...identity,
  }
}
