import { VouchError } from '@vouch/protocol'
import type { EvidenceFile } from '../core/file.js'
import type { Certificate } from '../x509/certificate.js'
import type { RevocationList } from '../x509/revocation.js'

/** The parts that were given, by name, each with the files that are one. The same file given twice is given once. */
export type Parts = Readonly<Record<string, readonly EvidenceFile[]>>

/** What files hold once they are told apart: certificates and lists, whatever they are for, parts of evidence, and the rest. */
export interface Sorted {
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly parts: Parts
}

/** The one file that is this part; none, or two that differ, leave open what is to be judged. */
export function onePart(parts: Parts, name: string): EvidenceFile {
  const part = optionalPart(parts, name)
  if (part !== undefined) return part
  throw new VouchError('EVIDENCE_MISSING', { rule: `the files must hold one ${wordsFor(name)}` })
}

/** The one file that is this part, if there is any. */
export function optionalPart(parts: Parts, name: string): EvidenceFile | undefined {
  const [first, ...others] = parts[name] ?? []
  if (others.length === 0) return first
  throw new VouchError('EVIDENCE_AMBIGUOUS', {
    rule: `the files must hold one ${wordsFor(name)}`,
    given: `${others.length + 1}`,
    hint: 'judge them one after the other',
  })
}

/** All different files that are this part. */
export const allParts = (parts: Parts, name: string): readonly EvidenceFile[] => parts[name] ?? []

const wordsFor = (name: string): string => name.replaceAll('-', ' ')
