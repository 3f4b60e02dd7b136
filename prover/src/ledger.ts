import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, concat, fieldToBytes, type Request, requestHash, scopeOf } from '@vouch/protocol'
import type { LedgerEntry } from './files.js'

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
