import type { Collateral } from '../x509/chain.js'

/** A place in evidence that the guest chooses bytes for, and the hardware signs. */
export interface Slot {
  /** As the vendor spells it. */
  readonly name: string
  readonly bytes: Uint8Array
  /**
   * What it holds when an agent of this project made the evidence: REPORT_DATA, its hash where 32 bytes are all there is, or a
   * nonce that binds nothing else.
   */
  readonly holds: 'report_data' | 'short_report_data' | 'nonce'
}

/** What authentic evidence of every kind says, before devices stand beside it. */
export interface VendorClaims {
  readonly kind: string
  /** A hash that names the machine, for quotas; absent where nothing in the evidence names one. */
  readonly machineIdentity?: Uint8Array
  readonly slots: readonly Slot[]
  readonly collateral: Collateral
}

/** The slot of a processor's report. */
export const reportSlots = ({ reportData }: { readonly reportData: Uint8Array }): readonly Slot[] => [
  { name: 'REPORT_DATA', bytes: reportData, holds: 'report_data' },
]
