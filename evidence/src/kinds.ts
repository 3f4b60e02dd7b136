import { VouchError } from '@vouch/protocol'
import type { Checks } from './checks.js'
import type { Claims, Evidence, EvidenceFile } from './evidence.js'
import type { Sorted } from './files.js'
import { authenticateSnp } from './snp/authenticate.js'
import { looksLikeReport, parseReport } from './snp/report.js'

/** A format of evidence: how its file is told from others, read, and authenticated. */
interface Format {
  recognises(bytes: Uint8Array): boolean
  parse(file: EvidenceFile, collateral: Sorted): Evidence
  authenticate(checks: Checks, evidence: Evidence, at: number): Promise<Claims | undefined>
}

/** Every format. Which kind evidence in it is of, the root decides that its chain leads to. */
export const FORMATS: Readonly<Record<Evidence['format'], Format>> = {
  snp: {
    recognises: looksLikeReport,
    parse: ({ bytes }, { certificates, revocationLists }) => ({
      format: 'snp',
      report: parseReport(bytes),
      bytes,
      certificates,
      revocationLists,
    }),
    authenticate: authenticateSnp,
  },
}

/** Every kind of evidence. Simulated kinds stand apart: a policy that names one names no other. */
export const KINDS = {
  'sev-snp': { simulated: false, title: 'AMD SEV-SNP' },
  'simulated-snp': { simulated: true, title: 'SEV-SNP format under the simulated vendor: worth nothing' },
} as const satisfies Readonly<Record<string, { readonly simulated: boolean; readonly title: string }>>

export type KindName = keyof typeof KINDS

export const isSimulatedKind = (kind: KindName): boolean => KINDS[kind].simulated

/** The file that is evidence itself, with its format; the others are nothing that is known here. */
export function findEvidence(files: readonly EvidenceFile[]): {
  readonly format: Format
  readonly file: EvidenceFile
  readonly ignored: readonly EvidenceFile[]
} {
  const formats = Object.values(FORMATS)
  const recognised = files.flatMap((file) => {
    const format = formats.find(({ recognises }) => recognises(file.bytes))
    return format === undefined ? [] : [{ file, format }]
  })
  const [first, ...others] = recognised
  if (first === undefined) {
    throw new VouchError('EVIDENCE_MISSING', {
      rule: 'one of the files must be evidence of a kind that is known here',
      hint: `known: ${Object.keys(KINDS).join(', ')}`,
    })
  }
  const isSame = ({ bytes }: EvidenceFile): boolean =>
    bytes.length === first.file.bytes.length && bytes.every((byte, i) => byte === first.file.bytes[i])
  if (!others.every(({ file }) => isSame(file))) {
    throw new VouchError('EVIDENCE_AMBIGUOUS', {
      rule: 'the files must hold one report',
      given: `${recognised.length}`,
      hint: 'judge them one after the other',
    })
  }
  return { ...first, ignored: files.filter((file) => !recognised.some((entry) => entry.file === file)) }
}
