import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { authenticate, type EvidenceFile, inspect, parseEvidence } from '@vouch/evidence'
import { type ExitStatus, exitStatus, type Failure, VouchError } from '@vouch/protocol'

// Evidence of real machines, with what its collectors found. The folder is not part of the project: VOUCH_SAMPLES names it.

export interface Case {
  readonly files: Readonly<Record<string, unknown>>
  readonly expected: { readonly outcome: string; readonly verification_time?: string }
  readonly evaluations: readonly { readonly at: string; readonly result: string }[]
  readonly derived_negatives?: readonly DerivedNegative[]
  readonly fields: unknown
}

/** A byte that somebody changed, and what that breaks. */
export interface DerivedNegative {
  readonly file: string
  readonly offset: number
  readonly xor: string
  readonly effect: string
  readonly result?: string
  readonly fails?: readonly string[]
}

const root = process.env.VOUCH_SAMPLES ?? '/nowhere'

/** The names of all cases of a kind. */
export const casesOf = (kind: string): readonly string[] => readdirSync(join(root, kind)).sort()

/** A case, `snp/milan-v2` for one: its description, and all its files but that. */
export function openCase(path: string): Case & { readonly given: readonly EvidenceFile[] } {
  const content = JSON.parse(readFileSync(join(root, path, 'case.json'), 'utf8')) as Case
  const given = Object.keys(content.files).map((name) => ({
    name,
    bytes: new Uint8Array(readFileSync(join(root, path, name))),
  }))
  return { ...content, given }
}

/** All that `bob evidence` finds against files, without a policy. */
export async function failuresOf(files: readonly EvidenceFile[], at: number): Promise<readonly Failure[]> {
  try {
    const { evidence } = await parseEvidence(files)
    const { authentic, failures } = await authenticate(evidence, at)
    return authentic === undefined ? failures : inspect(authentic).failures
  } catch (error) {
    if (error instanceof VouchError && error.code !== 'INTERNAL') return [error]
    throw error
  }
}

/** What `bob evidence` ends with. */
export async function judge(files: readonly EvidenceFile[], at: number): Promise<ExitStatus> {
  return exitStatus(await failuresOf(files, at))
}

/** The exit status that an outcome calls for, in the words of a case. */
export function exitFor(outcome: string): ExitStatus {
  if (/^valid/.test(outcome)) return 0
  return /^invalid (unless|when)|^signatures? valid,/.test(outcome) ? 3 : 2
}

/** A time of a case in seconds; evidence without dates is judged at any. */
export const secondsOf = (time: string | undefined): number =>
  time === undefined || time === 'any' ? 1_771_545_600 : Date.parse(time) / 1000

/** The files with one byte changed. */
export function withByte(
  files: readonly EvidenceFile[],
  { file, offset, xor }: { readonly file: string; readonly offset: number; readonly xor: number },
): readonly EvidenceFile[] {
  return files.map((entry) =>
    entry.name === file
      ? { ...entry, bytes: entry.bytes.with(offset, (entry.bytes[offset] ?? 0) ^ xor) }
      : entry,
  )
}
