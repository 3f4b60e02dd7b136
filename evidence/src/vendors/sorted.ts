import { VouchError } from '@vouch/protocol'
import type { EvidenceFile } from '../tables/evidence.js'
import type { Certificate } from '../x509/certificate.js'
import type { RevocationList } from '../x509/revocation.js'

/** What a file may be besides certificates and revocation lists; how each is told, `parts.ts` says. */
export type PartName =
  | 'snp-report'
  | 'dcap-quote'
  | 'tcb-info'
  | 'qe-identity'
  | 'nitro-document'
  | 'spdm-message'
  | 'hcl-report'
  | 'runtime-data'
  | 'tpm-attest'
  | 'tpm-signature'
  | 'tpm-public-area'
  | 'public-key'
  | 'pcr-values'
  | 'event-log'
  | 'tcg12-event-log'
  | 'bare-signature'

/** The parts that were given, each with the files that are one. The same file given twice is given once. */
export type Parts = Readonly<Partial<Record<PartName, readonly EvidenceFile[]>>>

/** What files hold once they are told apart: certificates and lists, whatever they are for, parts of evidence, and the rest. */
export interface Sorted {
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly parts: Parts
}

/** The one file that is this part; none, or two that differ, leave open what is to be judged. */
export function onePart(parts: Parts, name: PartName): EvidenceFile {
  const part = optionalPart(parts, name)
  if (part !== undefined) return part
  throw new VouchError('EVIDENCE_MISSING', { rule: `the files must hold one ${wordsFor(name)}` })
}

/** The one file that is this part, if there is any. */
export function optionalPart(parts: Parts, name: PartName): EvidenceFile | undefined {
  const [first, ...others] = parts[name] ?? []
  if (others.length === 0) return first
  throw new VouchError('EVIDENCE_AMBIGUOUS', {
    rule: `the files must hold one ${wordsFor(name)}`,
    given: `${others.length + 1}`,
    hint: 'judge them one after the other',
  })
}

/** All different files that are this part. */
export const allParts = (parts: Parts, name: PartName): readonly EvidenceFile[] => parts[name] ?? []

const wordsFor = (name: PartName): string => name.replaceAll('-', ' ')
