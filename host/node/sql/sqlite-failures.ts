import { shown, VouchError } from '@vouch/protocol'

/** Primary result codes of SQLite that mean something to an operator: https://sqlite.org/rescode.html */
const GENERIC = 1
const BUSY = 5
const READ_ONLY = 8
const IO_ERROR = 10
const CORRUPT = 11
const FULL = 13
const CANNOT_OPEN = 14
const NO_DATABASE = 26

const MAKE_ROOM = 'make room on the disk, and see that it can be written to; then try again'
const KEEP_IT = 'keep the file as it is, and restore the newest backup: see docs/operators.md'

/** The driver gives some errors no code, but always the engine's words. */
const WORDS: readonly (readonly [string, number])[] = [
  ['database is locked', BUSY],
  ['attempt to write a readonly database', READ_ONLY],
  ['disk I/O error', IO_ERROR],
  ['database disk image is malformed', CORRUPT],
  ['database or disk is full', FULL],
  ['unable to open database file', CANNOT_OPEN],
  ['file is not a database', NO_DATABASE],
  ['no such table', GENERIC],
]

/** The primary code of an error of SQLite's; nothing for any other error. */
function codeOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff
  return WORDS.find(([words]) => error.message.includes(words))?.[1]
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
      if (error instanceof Error && 'syscall' in error)
        return failed('STORAGE_FAILED', 'the disk does not take what is written', MAKE_ROOM)
      if (code !== undefined && said.includes('no such table'))
        return failed(
          'FILE_NOT_FOUND',
          'the database has no such table',
          'make a registry with registrar init',
        )
      throw error
  }
}
