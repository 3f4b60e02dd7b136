import { existsSync } from 'node:fs'
import { runWorker } from './worker.js'

// What judging raw evidence costs, on samples of real machines.

export interface EvidencePlan {
  /** The subjects take turns in so many rounds. */
  readonly rounds: number
  /** Of each subject in a round. */
  readonly judgements: number
}

/** What is judged, and by whom. */
export type Subject = 'tdx' | 'tdx by dcap-qvl' | 'snp' | 'nitro'

/** Milliseconds of processor time that one judgement takes, round by round: what one core could do if it did nothing else. */
export type EvidenceSamples = Readonly<Record<Subject, readonly number[]>>

/** The samples are no part of the project: where they are not, nothing is measured. */
export type EvidenceResults = EvidenceSamples | 'not measured: VOUCH_SAMPLES names no folder of evidence'

export interface EvidenceJob extends EvidencePlan {
  readonly samples: string
}

export async function measureEvidence(
  { rounds, judgements }: EvidencePlan,
  say: (line: string) => void,
): Promise<EvidenceResults> {
  const samples = process.env.VOUCH_SAMPLES
  if (samples === undefined || !existsSync(samples))
    return 'not measured: VOUCH_SAMPLES names no folder of evidence'
  say(`evidence: ${rounds} rounds of ${judgements} judgements of each kind`)
  const job: EvidenceJob = { samples, rounds, judgements }
  return (await runWorker<EvidenceSamples>('evidence-worker.mjs', job, { built: true })).answer
}
