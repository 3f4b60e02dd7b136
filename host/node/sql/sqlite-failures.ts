import { shown, VouchError } from '@vouch/protocol'

/** Primary result codes of SQLite that mean something to an operator: https://sqlite.org/rescode.html */
const BUSY = 5
const READ_ONLY = 8
const IO_ERROR = 10
const CORRUPT = 11
const FULL = 13
const CANNOT_OPEN = 14
const NO_DATABASE = 26

const MAKE_ROOM = 'make room on the disk, and see that it can be written to; then try again'
const KEEP_IT = 'keep the file as it is, and restore the newest backup: see docs/operators.md'

/** The primary code of an error of SQLite's; nothing for any other error. */
function codeOf(error: unknown): number | undefined {
  const isOurs = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  return isOurs ? (error.errcode as number) & 0xff : undefined
}

/**
 * Whether the process must stop: after a failed read or write the engine cannot say what the disk holds. A full disk is not
 * among these: the engine takes back what it had begun.
 */
export const isFatal = (error: unknown): boolean =>
  [IO_ERROR, CORRUPT, NO_DATABASE].includes(codeOf(error) ?? 0)

/** What SQLite refused, in words. An error that is not SQLite's is passed on as it is. */
export function sqliteFailure(error: unknown): VouchError {
  const code = codeOf(error)
  const said = error instanceof Error ? error.message : ''
  const failed = (kind: VouchError['code'], rule: string, hint: string): VouchError =>
    new VouchError(kind, { rule, given: shown(said), hint }, { cause: error })
  switch (code) {
    case BUSY:
      return failed(
        'LOCKED',
        'another process has the database',
        'end that process, or wait until it is done',
      )
    case CORRUPT:
    case NO_DATABASE:
      return failed('LOG_CORRUPT', 'the file of the database is damaged, or is none', KEEP_IT)
    case FULL:
    case READ_ONLY:
    case CANNOT_OPEN:
      return failed('STORAGE_FAILED', 'the disk does not take what is written', MAKE_ROOM)
    case IO_ERROR:
      return failed(
        'STORAGE_FAILED',
        'the disk failed',
        'check the disk, then start again: what was answered is there',
      )
    default:
      if (code !== undefined && said.startsWith('no such table'))
        return failed(
          'FILE_NOT_FOUND',
          'the database has no such table',
          'make a registry with registrar init',
        )
      throw error
  }
}
