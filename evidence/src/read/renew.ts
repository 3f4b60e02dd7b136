import { equalBytes, VouchError } from '@vouch/protocol'
import type { EvidenceFile } from '../tables/evidence.js'
import { parseQeIdentity, parseTcbInfo } from '../vendors/dcap/documents.js'
import type { PartName } from '../vendors/sorted.js'
import { parseRevocationList } from '../x509/revocation.js'
import { unpacked } from './containers.js'
import { blocksIn } from './files.js'
import { partOf } from './parts.js'

// Vendors renew what they publish: last month's TCB info beside this month's is a contradiction, not evidence that is complete.

/** What a file or a block is the latest of: two of one name cannot stand beside each other. */
const DOCUMENTS: Readonly<Partial<Record<PartName, (bytes: Uint8Array) => string>>> = {
  'tcb-info': (bytes) => parseTcbInfo(bytes).content.id,
  'qe-identity': (bytes) => parseQeIdentity(bytes).content.id,
}

const LIST = 'X509 CRL'

/**
 * Files, opened where they hold others, with what was fetched for them: each document or list in the place of the one that it
 * renews. Certificates are added alone, as one that is given twice is given once.
 */
export function renewed(
  files: readonly EvidenceFile[],
  fetched: readonly EvidenceFile[],
): readonly EvidenceFile[] {
  const documents = fetched.flatMap(({ bytes }) => documentOf(bytes) ?? [])
  const issuers = fetched.flatMap(({ bytes }) => listsIn(bytes).map(({ issuer }) => issuer))
  const kept = files.flatMap(inside).flatMap((file): readonly EvidenceFile[] => {
    const document = documentOf(file.bytes)
    if (document !== undefined) return documents.includes(document) ? [] : [file]
    const old = listsIn(file.bytes).filter(({ issuer }) => issuers.some((one) => equalBytes(one, issuer)))
    if (old.length === 0) return [file]
    const rest = blocksIn(file.bytes).filter(({ der }) => !old.some((list) => equalBytes(list.der, der)))
    return rest.map(({ der }, i) => ({ name: `${i + 1} of ${file.name}`, bytes: der }))
  })
  return [...kept, ...fetched]
}

/** What a file holds, under the names that they have there. */
function inside(file: EvidenceFile): readonly EvidenceFile[] {
  return unpacked(file).map((one) =>
    one === file ? file : { ...one, name: one.name.slice(`${file.name}: `.length) },
  )
}

function documentOf(bytes: Uint8Array): string | undefined {
  const part = partOf(bytes)
  const idOf = part === undefined ? undefined : DOCUMENTS[part]
  const id = unlessUnreadable(() => idOf?.(bytes))
  return id === undefined ? undefined : `${part} ${id}`
}

function listsIn(bytes: Uint8Array) {
  if (partOf(bytes) !== undefined) return []
  const blocks = unlessUnreadable(() => blocksIn(bytes)) ?? []
  return blocks
    .filter(({ label }) => label === LIST)
    .flatMap(({ der }) => unlessUnreadable(() => [parseRevocationList(der)]) ?? [])
}

/** What cannot be read renews nothing, and stays for whoever judges it. */
function unlessUnreadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof VouchError) return undefined
    throw error
  }
}
