import { appendFile, rename, stat } from 'node:fs/promises'
import type { Failure } from '@vouch/protocol'

/** What was decided, for the registrar's own eyes. */
export interface AuditEntry {
  readonly time: number
  readonly outcome: 'admitted' | 'signed' | 'refused' | 'removed' | 'readmitted'
  /** Who asked: an address, or the command line. */
  readonly from: string
  readonly details: Readonly<Record<string, string | number>>
}

/** Past this, the log makes room: one older file is kept. Refusals are strangers' to cause, and must not fill a disk. */
const MAX_BYTES = 64 * 1024 * 1024

/** The private log: one line of JSON for each decision. Whoever reads it learns which machine has which credential. */
export class AuditLog {
  private readonly path: string
  private readonly onFailure: (error: unknown) => void
  private readonly maxBytes: number
  private last: Promise<void> = Promise.resolve()

  constructor(path: string, onFailure: (error: unknown) => void, maxBytes = MAX_BYTES) {
    this.path = path
    this.onFailure = onFailure
    this.maxBytes = maxBytes
  }

  /**
   * Writes one line, behind those that are being written. A line that the disk refuses is reported, and nothing else waits for
   * it: what was admitted, and for which evidence, stands in the registry's own log.
   */
  write({ time, outcome, from, details }: AuditEntry): Promise<void> {
    const line = `${JSON.stringify({ time, outcome, from, ...details })}\n`
    this.last = this.last.then(() => this.append(line)).catch(this.onFailure)
    return this.last
  }

  private async append(line: string): Promise<void> {
    const size = await stat(this.path).then(
      (info) => info.size,
      () => 0,
    )
    if (size + line.length > this.maxBytes) await rename(this.path, `${this.path}.1`)
    await appendFile(this.path, line, { mode: 0o600 })
  }
}

/** A refusal as the log tells it: every code, and the gravest words. What was given is a stranger's and is left out. */
export function refusalDetails(failures: readonly Failure[]): Readonly<Record<string, string>> {
  return {
    codes: failures.map(({ code }) => code).join(','),
    rule: failures.map(({ rule }) => rule).join('; '),
  }
}
