import { equalBytes, must } from '@vouch/protocol'
import type { Notes } from '../../core/notes.js'
import { parseEventLog } from '../eventlog/parse.js'
import { allParts, onePart, optionalPart, type Sorted } from '../sorted.js'
import { parseQeIdentity, parseTcbInfo } from './documents.js'
import { parseQuote } from './quote.js'
import type { DcapEvidence, IntelDocument } from './types.js'

/** A quote with everything that came along. */
export function parseDcap({ parts, certificates, revocationLists }: Sorted, notes: Notes): DcapEvidence {
  const eventLog = notes.read(() => {
    const log = optionalPart(parts, 'event-log')
    return log === undefined ? undefined : parseEventLog(log.bytes)
  })
  return {
    format: 'dcap',
    ...parseQuote(onePart(parts, 'dcap-quote').bytes),
    tcbInfos: different(notes, notes.readAll(allParts(parts, 'tcb-info'), parseTcbInfo)),
    identities: different(notes, notes.readAll(allParts(parts, 'qe-identity'), parseQeIdentity)),
    ...(eventLog === undefined ? {} : { eventLog }),
    certificates,
    revocationLists,
  }
}

/**
 * A document that came twice, as a file and inside another, is one. Two that differ, of one platform or one quoting enclave,
 * leave open which was meant.
 */
function different<T extends { readonly id: string }>(
  notes: Notes,
  documents: readonly IntelDocument<T>[],
): readonly IntelDocument<T>[] {
  const found = documents.filter(
    (document, i) => !documents.slice(0, i).some((before) => isSame(before, document)),
  )
  const ids = new Set(found.map(({ content }) => content.id))
  if (ids.size < found.length)
    must(notes.unreadable, false, 'COLLATERAL_CONFLICT', {
      rule: 'TCB info and identity must come once each, or the same each time',
      given: found.map(({ content }) => content.id).join(', '),
    })
  return found
}

const isSame = (a: IntelDocument<unknown>, b: IntelDocument<unknown>): boolean =>
  equalBytes(a.bytes, b.bytes) && equalBytes(a.signature, b.signature)
