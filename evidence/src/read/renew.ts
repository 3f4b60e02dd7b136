import { equalBytes } from '@vouch/protocol'
import type { EvidenceFile } from '../core/file.js'
import type { Tables } from '../tables/tables.js'
import { parseRevocationList } from '../x509/revocation.js'
import { blocksIn } from './files.js'
import { unpacked } from './pack.js'
import { partOf, renewedName, unlessRefused } from './parts.js'

// Vendors renew what they publish: last month's TCB info beside this month's is a contradiction, not evidence that is complete.

const LIST = 'X509 CRL'

/**
 * Files, opened where they hold others, with what was fetched for them: each document or list in the place of the one that it
 * renews. Certificates are added alone, as one that is given twice is given once.
 */
export function renewedIn(
  tables: Tables,
  files: readonly EvidenceFile[],
  fetched: readonly EvidenceFile[],
): readonly EvidenceFile[] {
  const documents = fetched.flatMap(({ bytes }) => renewedName(tables, bytes) ?? [])
  const issuers = fetched.flatMap(({ bytes }) => listsIn(tables, bytes).map(({ issuer }) => issuer))
  const kept = files
    .flatMap((file) => inside(tables, file))
    .flatMap((file): readonly EvidenceFile[] => {
      const document = renewedName(tables, file.bytes)
      if (document !== undefined) return documents.includes(document) ? [] : [file]
      const old = listsIn(tables, file.bytes).filter(({ issuer }) =>
        issuers.some((one) => equalBytes(one, issuer)),
      )
      if (old.length === 0) return [file]
      const rest = blocksIn(file.bytes).filter(({ der }) => !old.some((list) => equalBytes(list.der, der)))
      return rest.map(({ der }, i) => ({ name: `${i + 1} of ${file.name}`, bytes: der }))
    })
  return [...kept, ...fetched]
}

/** What a file holds, under the names that they have there. */
function inside(tables: Tables, file: EvidenceFile): readonly EvidenceFile[] {
  return unpacked(tables, file).map((one) =>
    one === file ? file : { ...one, name: one.name.slice(`${file.name}: `.length) },
  )
}

/** The revocation lists in a file. What cannot be read renews nothing, and stays for whoever judges it. */
function listsIn(tables: Tables, bytes: Uint8Array) {
  if (partOf(tables, bytes) !== undefined) return []
  const blocks = unlessRefused(() => blocksIn(bytes)) ?? []
  return blocks
    .filter(({ label }) => label === LIST)
    .flatMap(({ der }) => unlessRefused(() => [parseRevocationList(der)]) ?? [])
}
