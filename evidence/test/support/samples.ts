import { readdirSync, readFileSync } from 'node:fs'
import { authenticate, type EvidenceFile, inspect, parseEvidence } from '@vouch/evidence'
import { type ExitStatus, exitStatus, type Failure, VouchError } from '@vouch/protocol'

// Evidence of real machines, with what its collectors say of it.

export interface Case<Fields> {
  readonly files: Readonly<Record<string, unknown>>
  readonly expected: { readonly outcome: string; readonly verification_time?: string }
  readonly evaluations: readonly { readonly at: string; readonly result: string }[]
  readonly derived_negatives?: readonly {
    readonly file: string
    readonly offset: number
    readonly xor: string
    readonly effect: string
    readonly result?: string
  }[]
  /** Values that the collectors read. */
  readonly fields: Fields
}

export interface Sample<Fields = unknown> extends Case<Fields> {
  readonly given: readonly EvidenceFile[]
}

const samples = (): string => process.env.VOUCH_SAMPLES ?? '/nowhere'

/** The names of the samples under a folder. */
export const samplesIn = (folder: string): readonly string[] => readdirSync(`${samples()}/${folder}`).sort()

/** A sample with all of its files but what is said of them. */
export function openSample<Fields>(folder: string, name: string): Sample<Fields> {
  const read = (file: string) => new Uint8Array(readFileSync(`${samples()}/${folder}/${name}/${file}`))
  const content = JSON.parse(new TextDecoder().decode(read('case.json'))) as Case<Fields>
  return { ...content, given: Object.keys(content.files).map((file) => ({ name: file, bytes: read(file) })) }
}

/** What `bob evidence` ends with. */
export async function judge(files: readonly EvidenceFile[], at: number): Promise<ExitStatus> {
  return exitStatus(await failuresOf(files, at))
}

/** All that speaks against evidence when nobody has a policy. */
export function failuresOf(files: readonly EvidenceFile[], at: number): Promise<readonly Failure[]> {
  return parseEvidence(files).then(
    async ({ evidence }) => {
      const { authentic, failures } = await authenticate(evidence, at)
      return authentic === undefined ? failures : inspect(authentic).failures
    },
    (error: unknown) => {
      if (error instanceof VouchError) return [error]
      throw error
    },
  )
}

/** A sample's files with a byte changed as its collectors changed it. */
export function withChange(
  { given }: Sample,
  { file, offset, xor }: { readonly file: string; readonly offset: number; readonly xor: string },
): readonly EvidenceFile[] {
  const mask = Number.parseInt(xor, 16)
  return given.map((entry) =>
    entry.name === file
      ? { ...entry, bytes: entry.bytes.map((byte, i) => (i === offset ? byte ^ mask : byte)) }
      : entry,
  )
}

/** A time in seconds; evidence without dates is judged at any. */
export const time = (text: string | undefined): number =>
  Date.parse(text === undefined || text === 'any' ? '2026-02-20' : text) / 1000

/** What the words of a sample's collectors mean for the exit status. */
export function exitFor(outcome: string): ExitStatus {
  if (/^valid/.test(outcome)) return 0
  return /^invalid (unless|when)|^signatures? valid,/.test(outcome) ? 3 : 2
}
