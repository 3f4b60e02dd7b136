import { sha256 } from '@noble/hashes/sha2.js'
import {
  ascii,
  concat,
  equalBytes,
  fieldToBytes,
  type LedgerEntry,
  type Request,
  requestHash,
  scopeOf,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { Agreement } from './caution.js'

/** Where Alice has answered, so that nobody makes her show one pseudonym twice without her knowing. */
export interface Ledger {
  find(scope: bigint): Promise<LedgerEntry | undefined>
  /** Writes an entry unless its scope has one, in one step. Answers with the one that is there. */
  claim(entry: LedgerEntry): Promise<LedgerEntry>
  /** Writes an entry over another: the holder agreed to answer again. */
  replace(entry: LedgerEntry): Promise<void>
}

/** What is kept of an answer: enough to know it again. */
export function entryFor(request: Request, envelope: Uint8Array, time: number): LedgerEntry {
  const { verifierId, context } = request
  return {
    version: 1,
    scope: scopeOf(request),
    verifierId,
    ...(context === undefined ? {} : { context }),
    answer: sha256(concat(ascii('vouch-answer-v1'), fieldToBytes(requestHash(request)), envelope)),
    time,
  }
}

/** A ledger that ends with the process: for programs that keep their credentials no longer. */
export function memoryLedger(): Ledger {
  const entries = new Map<bigint, LedgerEntry>()
  return {
    find: async (scope) => entries.get(scope),
    claim: async (entry) => {
      const there = entries.get(entry.scope) ?? entry
      entries.set(entry.scope, there)
      return there
    },
    replace: async (entry) => void entries.set(entry.scope, entry),
  }
}

/** Refuses to answer differently where she has answered before. Asked anew, a service signs another envelope. */
export function assertUnanswered(
  request: Request,
  earlier: LedgerEntry | undefined,
  answer: Uint8Array | undefined,
  { again = false }: Agreement,
): void {
  if (earlier === undefined || again || (answer !== undefined && equalBytes(earlier.answer, answer))) return
  throw new VouchError('SCOPE_USED', {
    rule: 'a scope must be answered once: a second answer shows the same nullifier, and so the same holder',
    given: toHex(fieldToBytes(scopeOf(request))),
    hint: 'ask for a Request with a fresh challenge; or agree to be linked to your earlier answer',
  })
}
