import type { Budget } from './budget.js'
import type { EvidenceResults, Subject } from './evidence.js'
import type { Results } from './results.js'

/** What judging evidence may take: promised are 500 reports of SEV-SNP and 200 documents of Nitro a second on one core. */
export const EVIDENCE_BUDGETS: readonly Budget[] = [
  {
    name: 'judging a TDX quote with its collateral, in units of dcap-qvl: a third',
    value: besideOthers,
    limit: 1 / 3,
    unit: '×',
    kind: 'noisy',
  },
  {
    name: 'the same, beyond what noise explains: a half',
    value: besideOthers,
    limit: 0.5,
    unit: '×',
    kind: 'hard',
  },
  perJudgement('a report of SEV-SNP: 500 a second', 'snp', 2),
  perJudgement('a document of Nitro: 200 a second', 'nitro', 5),
]

/** Ours hands each signature to another thread, which a busy machine makes dearer; theirs does not. */
function besideOthers({ evidence }: Results): number | undefined {
  const [ours, theirs] = [least(evidence, 'tdx'), least(evidence, 'tdx by dcap-qvl')]
  return ours === undefined || theirs === undefined ? undefined : ours / theirs
}

function perJudgement(what: string, subject: Subject, limit: number): Budget {
  const value = ({ evidence }: Results): number | undefined => least(evidence, subject)
  return { name: `judging ${what}`, value, limit, unit: 'ms', kind: 'noisy' }
}

/** Other work on the machine only ever adds time. */
export function least(evidence: EvidenceResults, subject: Subject): number | undefined {
  if (typeof evidence === 'string' || evidence[subject].length === 0) return undefined
  return Math.min(...evidence[subject])
}
