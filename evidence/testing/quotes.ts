import { type EvidenceFile, encodeQuote, examine, parseQuote, type Quote } from '@vouch/evidence'
import { withFile } from './files.js'
import { failuresOf } from './samples.js'
import { NOW } from './simulated.js'

/** The codes of everything that fails, unreadable files included. */
export const allCodes = async (files: readonly EvidenceFile[], at = NOW): Promise<readonly string[]> =>
  (await failuresOf(files, at)).map(({ code }) => code).filter((code) => code !== 'SIMULATED_NOT_ACCEPTED')

/** The codes of what cannot be read, whatever else there is to say. */
export const unreadableCodes = async (files: readonly EvidenceFile[]): Promise<readonly string[]> =>
  (await examine(files, NOW)).unreadable.map(({ code }) => code)

export const requoted = (files: readonly EvidenceFile[], changes: Partial<Quote>): readonly EvidenceFile[] =>
  withFile(files, 'quote.bin', (bytes) => encodeQuote({ ...parseQuote(bytes).quote, ...changes }))

/** One UpToDate level that asks for these. */
export function levelsOf({ sgx = [], tdx = [], pce = 0 }: { sgx?: number[]; tdx?: number[]; pce?: number }) {
  const components = (svns: readonly number[]) =>
    Array.from({ length: 16 }, (_, i) => ({ svn: svns[i] ?? 0 }))
  const tcb = { sgxtcbcomponents: components(sgx), pcesvn: pce, tdxtcbcomponents: components(tdx) }
  return [{ tcb, tcbDate: '2025-01-01T00:00:00Z', tcbStatus: 'UpToDate' }]
}
