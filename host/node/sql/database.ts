import type { VouchError } from '@vouch/protocol'

/** A value as every engine takes it and gives it back. */
export type SqlValue = Uint8Array | string | number | null

export type Row = Readonly<Record<string, SqlValue>>

/** Statements are written once for all engines. Their parameters are $1, $2 and so on. */
export interface Queries {
  rows<Found extends Row>(text: string, ...values: readonly SqlValue[]): Promise<readonly Found[]>
  /** Changes rows, and answers with how many. */
  run(text: string, ...values: readonly SqlValue[]): Promise<number>
}

/** A name that one process has among all that use a database, until the process gives it back or dies. */
export interface Hold {
  /** Refuses once the name is lost, as when the database ended the session that had it. */
  assertHeld(): Promise<void>
  release(): Promise<void>
}

/** A database of one of the engines. Queries outside of a transaction see what was committed, and nothing else. */
export interface Database extends Queries {
  readonly engine: 'sqlite' | 'postgres'
  /**
   * Does all of the work, durably, or nothing. Transactions of all processes come one after another, so that a rule that holds
   * for what a transaction reads still holds when it commits.
   */
  transaction<Result>(work: (queries: Queries) => Promise<Result>): Promise<Result>
  /** Reads as of one moment, whatever is committed meanwhile. */
  snapshot<Result>(read: (queries: Queries) => Promise<Result>): Promise<Result>
  /** Takes a name; answers with nothing while another process has it. */
  hold(name: string): Promise<Hold | undefined>
  /** Asks the engine whether its pages are sound, and refuses if they are not. */
  check(): Promise<void>
  /** Copies the whole database into a file while it is written to. */
  backup(path: string): Promise<void>
  /** Comes when this process must use the database no more: what the disk holds can only be told by opening it anew. */
  readonly lost: Promise<VouchError>
  close(): Promise<void>
}

/** Every change of a schema since the first, in order. A released one never changes: databases have it. */
export type Migrations = readonly string[]
