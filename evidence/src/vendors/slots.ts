import type { Evidence } from '../tables/evidence.js'
import type { RuntimeData } from './azure/types.js'
import type { Slot } from './claims.js'
import type { EnclaveReport, TdReport } from './dcap/types.js'
import type { NitroDocument } from './nitro/types.js'
import type { SpdmMessage } from './nvidia/types.js'
import type { SnpReport } from './snp/types.js'
import type { QuoteEvidence } from './tpm/types.js'

// The places in evidence that the guest chooses bytes for, format by format.

export const reportSlots = ({ reportData }: SnpReport | EnclaveReport | TdReport): readonly Slot[] => [
  { name: 'REPORT_DATA', bytes: reportData, holds: 'report_data' },
]

export const quoteSlots = ({ quote }: QuoteEvidence): readonly Slot[] => [
  { name: 'extraData', bytes: quote.attest.extraData, holds: 'short_report_data' },
]

export const azureSlots = (runtime: RuntimeData, vtpm: QuoteEvidence): readonly Slot[] => [
  { name: 'user-data', bytes: runtime.userData ?? new Uint8Array(), holds: 'report_data' },
  ...quoteSlots(vtpm),
]

export const documentSlots = ({ userData, nonce }: NitroDocument): readonly Slot[] => [
  { name: 'user_data', bytes: userData ?? new Uint8Array(), holds: 'report_data' },
  ...(nonce === undefined ? [] : [{ name: 'nonce', bytes: nonce, holds: 'nonce' } as const]),
]

export const deviceSlots = (messages: readonly Pick<SpdmMessage, 'nonce'>[]): readonly Slot[] =>
  messages.map(({ nonce }) => ({ name: 'nonce', bytes: nonce, holds: 'nonce' }))

/** The slots of evidence that may yet turn out to be false, or to be undecided. */
export function slotsOf(evidence: Evidence): readonly Slot[] {
  switch (evidence.format) {
    case 'snp':
      return reportSlots(evidence.report)
    case 'dcap':
      return reportSlots(evidence.quote.report)
    case 'azure':
      return azureSlots(evidence.runtime, evidence.vtpm)
    case 'nitro':
      return documentSlots(evidence.signed.document)
    case 'tpm':
      return quoteSlots(evidence)
    case 'nvidia':
      return deviceSlots(evidence.messages)
    case 'composite':
      return slotsOf(evidence.machine)
  }
}
