import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { authenticate, type EvidenceFile, inspect, parseEvidence } from '@vouch/evidence'
import { type ExitStatus, exitStatus, type Failure, VouchError } from '@vouch/protocol'

// Evidence of real machines, with what its collectors say of it.

/** A change that a collector made to good evidence, and what it breaks. */
export interface Change {
  readonly file: string
  readonly offset: number
  readonly xor: string
  readonly effect: string
  readonly fails?: readonly string[]
  readonly result?: string
}

export interface Case {
  readonly name: string
  readonly given: readonly EvidenceFile[]
  readonly expected: { readonly outcome: string; readonly why: string; readonly verification_time?: string }
  readonly evaluations: readonly { readonly at: string; readonly result: string }[]
  readonly derived_negatives: readonly Change[]
  // biome-ignore lint/suspicious/noExplicitAny: what a case's fields are depends on its kind
  readonly fields: any
}

const root = process.env.VOUCH_SAMPLES ?? '/nowhere'

/** The names of the cases in a folder of samples. */
export const casesIn = (folder: string): readonly string[] => readdirSync(join(root, folder)).sort()

/** A case by its folder, `snp/milan-v2`, with all of its files but the one that says what to expect. */
export function openCase(folder: string): Case {
  const content = JSON.parse(readFileSync(join(root, folder, 'case.json'), 'utf8'))
  const given = Object.keys(content.files).map((file) => ({
    name: file,
    bytes: new Uint8Array(readFileSync(join(root, folder, file))),
  }))
  return { derived_negatives: [], ...content, given }
}

/** Everything that speaks against evidence, without a policy. */
export async function failuresOf(files: readonly EvidenceFile[], at: number): Promise<readonly Failure[]> {
  try {
    const { evidence } = await parseEvidence(files)
    const { authentic, failures } = await authenticate(evidence, at)
    return authentic === undefined ? failures : inspect(authentic).failures
  } catch (error) {
    if (error instanceof VouchError) return [error]
    throw error
  }
}

/** What `bob evidence` ends with. */
export async function judge(files: readonly EvidenceFile[], at: number): Promise<ExitStatus> {
  return exitStatus(await failuresOf(files, at))
}

/** The exit status that a collector's outcome stands for. */
export function exitFor(outcome: string): ExitStatus {
  if (/^valid/.test(outcome)) return 0
  return /^invalid (unless|when)|^signatures? valid,/.test(outcome) ? 3 : 2
}

/** A collector's time in seconds; cases without a date are judged now. */
export const time = (text: string | undefined): number =>
  Math.floor((text === undefined || text === 'any' ? Date.now() : Date.parse(text)) / 1000)

/** The files of a case with one byte of one file changed. */
export function changed(
  files: readonly EvidenceFile[],
  { file, offset, xor }: Pick<Change, 'file' | 'offset' | 'xor'>,
): readonly EvidenceFile[] {
  return files.map((entry) =>
    entry.name === file
      ? { ...entry, bytes: entry.bytes.with(offset, (entry.bytes[offset] ?? 0) ^ Number.parseInt(xor, 16)) }
      : entry,
  )
}
