import { equalBytes, VouchError } from '@vouch/protocol'
import { parseEventLog } from '../eventlog/parse.js'
import type { Sorted } from '../files.js'
import { allParts, onePart, optionalPart } from '../parts.js'
import { parseQeIdentity, parseTcbInfo } from './documents.js'
import { parseQuote } from './quote.js'
import type { DcapEvidence, SignedDocument } from './types.js'

/** A quote with everything that came along. */
export function parseDcap({ parts, certificates, revocationLists }: Sorted): DcapEvidence {
  const eventLog = optionalPart(parts, 'event-log')
  return {
    format: 'dcap',
    ...parseQuote(onePart(parts, 'dcap-quote').bytes),
    tcbInfos: different(allParts(parts, 'tcb-info').map(({ bytes }) => parseTcbInfo(bytes))),
    identities: different(allParts(parts, 'qe-identity').map(({ bytes }) => parseQeIdentity(bytes))),
    ...(eventLog === undefined ? {} : { eventLog: parseEventLog(eventLog.bytes) }),
    certificates,
    revocationLists,
  }
}

/**
 * A document that came twice, as a file and inside another, is one. Two that differ, of one platform or one quoting enclave,
 * leave open which was meant.
 */
function different<T extends { readonly id: string }>(
  documents: readonly SignedDocument<T>[],
): readonly SignedDocument<T>[] {
  const found = documents.filter(
    (document, i) => !documents.slice(0, i).some((before) => isSame(before, document)),
  )
  const ids = new Set(found.map(({ content }) => content.id))
  if (ids.size === found.length) return found
  throw new VouchError('COLLATERAL_CONFLICT', {
    rule: 'TCB info and identity must come once each, or the same each time',
    given: found.map(({ content }) => content.id).join(', '),
  })
}

const isSame = (a: SignedDocument<unknown>, b: SignedDocument<unknown>): boolean =>
  equalBytes(a.bytes, b.bytes) && equalBytes(a.signature, b.signature)
