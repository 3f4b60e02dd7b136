import { readdirSync, readFileSync } from 'node:fs'
import { type EvidenceFile, examine, inspect } from '@vouch/evidence'
import { type ExitStatus, exitStatus, type Failure } from '@vouch/protocol'

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

export interface Sample<Fields = unknown> {
  readonly given: readonly EvidenceFile[]
  /** What the collectors wrote about it: no evidence, however much it speaks of evidence. */
  readonly notes: EvidenceFile
  readonly expected: { readonly outcome: string; readonly why: string; readonly verification_time?: string }
  readonly evaluations: readonly { readonly at: string; readonly result: string }[]
  readonly derived_negatives: readonly Change[]
  /** Values that the collectors read. */
  readonly fields: Fields
}

const root = process.env.VOUCH_SAMPLES ?? '/nowhere'

/** Every sample, by its folder. */
export const SAMPLES = {
  'azure-vtpm': ['snp-genoa', 'snp-milan-user-data', 'tdx'],
  composite: ['secretvm-tdx-and-h100'],
  nitro: [
    'debug-2022',
    'debug-2023-pubkey-nonce',
    'debug-2025-08-2668d6-indefinite-map',
    'neg-bad-signature',
    'prod-2021-rsa-pubkey',
    'prod-2022',
    'prod-2022-nonce-userdata',
    'prod-2025-12-54ae0f-indefinite-map',
  ],
  'nvidia-gpu': [
    'blackwell-575',
    'hopper-535',
    'hopper-570-fwid',
    'hopper-570-manifest-signer-on-hold',
    'hopper-multi-gpu',
    'hopper-trailing-byte',
    'ls10-switch',
    'neg-hopper-bad-signature',
    'neg-ls10-bad-signature',
  ],
  sgx: ['v3-hello-world'],
  snp: [
    'genoa-v3-host-data',
    'milan-v2',
    'milan-v2-debug-policy',
    'milan-v2-with-amd-crl',
    'milan-v3-vlek-aws',
    'milan-v5-gcp',
    'milan-v5-gcp-x25519-bound',
    'neg-vcek-of-another-chip',
    'turin-v5-host-data',
  ],
  tdx: [
    'neg-fake-intel-root',
    'v4-debug-td',
    'v4-dstack-tcb-unsupported',
    'v4-gce-cos-event-log',
    'v4-tdx10-spr-2023',
    'v4-uptodate-b0c06f',
    'v5-td15-tcb-unsupported',
    'v5-td15-uptodate-90c06f',
  ],
  tpm: ['gcp-p256-ak-chain', 'gcp-windows-sha1-event-log', 'rsa-quote-eight-pcrs'],
} as const satisfies Readonly<Record<string, readonly string[]>>

/** The names of the samples in a folder. */
export const samplesIn = (folder: string): readonly string[] => readdirSync(`${root}/${folder}`).sort()

/** A sample by its folder, `snp/milan-v2`, with all of its files but the one that says what to expect. */
export function openSample<Fields = unknown>(folder: string): Sample<Fields> {
  const read = (file: string) => new Uint8Array(readFileSync(`${root}/${folder}/${file}`))
  const notes = { name: 'case.json', bytes: read('case.json') }
  const content = JSON.parse(new TextDecoder().decode(notes.bytes))
  const given = Object.keys(content.files).map((file) => ({ name: file, bytes: read(file) }))
  return { derived_negatives: [], ...content, given, notes }
}

/** What `bob evidence` ends with. */
export async function judge(files: readonly EvidenceFile[], at: number): Promise<ExitStatus> {
  return exitStatus(await failuresOf(files, at))
}

/** All that speaks against evidence when nobody has a policy. */
export async function failuresOf(files: readonly EvidenceFile[], at: number): Promise<readonly Failure[]> {
  const { authentic, unreadable, failures } = await examine(files, at)
  return authentic === undefined ? [...unreadable, ...failures] : inspect(authentic, { nonce: null }).failures
}

/** A sample's files with a byte changed as its collectors changed it. */
export function withChange(
  { given }: Pick<Sample, 'given'>,
  { file, offset, xor }: Pick<Change, 'file' | 'offset' | 'xor'>,
): readonly EvidenceFile[] {
  const mask = Number.parseInt(xor, 16)
  return given.map((entry) =>
    entry.name === file
      ? { ...entry, bytes: entry.bytes.with(offset, (entry.bytes[offset] ?? 0) ^ mask) }
      : entry,
  )
}

/** A time in seconds; evidence without dates is judged at any. */
export const time = (text: string | undefined): number =>
  Math.floor(Date.parse(text === undefined || text === 'any' ? '2026-02-20' : text) / 1000)

/** What the words of a sample's collectors mean for the exit status. */
export function exitFor(outcome: string): ExitStatus {
  if (/^valid/.test(outcome)) return 0
  return /^invalid (unless|when)|^signatures? valid,/.test(outcome) ? 3 : 2
}

/** "valid", of a signature by a key that nobody vouches for: nobody can tell whose quote it is. */
const OF_NOBODY = ['tpm/rsa-quote-eight-pcrs']
/** How collectors say that something is missing by which all would be judged. */
const IS_MISSING = /\bno TCB collateral\b.*\bexists\b/

/**
 * The exit status of a sample at a time, by its folder and the words of its collectors. Where something is missing, what they find
 * good is undecidable; what they find false stays false.
 */
export function exitOf(folder: string, { expected }: Pick<Sample, 'expected'>, outcome: string): ExitStatus {
  const exit = exitFor(outcome)
  const isOpen = OF_NOBODY.includes(folder) || IS_MISSING.test(expected.why)
  return exit === 0 && isOpen ? 4 : exit
}
