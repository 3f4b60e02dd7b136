import { lstat, mkdir, mkdtemp, open, readFile, realpath, rename, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { MAX_FILE_BYTES, shown, VouchError } from '@vouch/protocol'

/** Reads a file that a person named. A path that leads to no file they can read is their slip; one too large is nobody's evidence. */
export async function readNamedFile(path: string): Promise<Uint8Array> {
  try {
    const info = await stat(path)
    if (!info.isFile()) throw notRead([new Unreadable(path, info.isDirectory() ? 'EISDIR' : 'no file')])
    if (info.size > MAX_FILE_BYTES) {
      throw new VouchError('TOO_LARGE', {
        rule: `${shown(path)} must be at most ${MAX_FILE_BYTES} bytes`,
        given: `${info.size}`,
      })
    }
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (error instanceof VouchError) throw error
    throw notRead([new Unreadable(path, codeOf(error), error)])
  }
}

/** Reads and parses a file that a person named; what is wrong with it is said of it by its path. */
export async function parseNamedFile<T>(path: string, parse: (file: Uint8Array) => T): Promise<T> {
  const file = await readNamedFile(path)
  try {
    return parse(file)
  } catch (error) {
    if (!(error instanceof VouchError)) throw error
    throw new VouchError(
      error.code,
      { ...explanationOf(error), rule: `${shown(path)}: ${error.rule}` },
      { cause: error },
    )
  }
}

/**
 * Waits until all of several files are read, so that one broken file is named among many, and files that are missing for
 * one reason are named in one error.
 */
export async function readAll<T>(readings: readonly Promise<T>[]): Promise<readonly T[]> {
  const settled = await Promise.allSettled(readings)
  const [first, ...others] = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  if (first instanceof VouchError) throw mergeUnread([first, ...others.filter(isOurs)])[0]
  if (first !== undefined) throw first
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
}

/** One error for all files that cannot be read for the same reason, in the place of the first; other errors as they are. */
export function mergeUnread(errors: readonly VouchError[]): readonly VouchError[] {
  const unread = errors.flatMap((error) => unreadableIn(error) ?? [])
  return errors.flatMap((error) => {
    const own = unreadableIn(error)
    if (own === undefined) return [error]
    const same = unread.filter(({ code }) => code === own.code)
    return same[0] === own ? [notRead(same)] : []
  })
}

const isOurs = (error: unknown): error is VouchError => error instanceof VouchError

const unreadableIn = ({ cause }: VouchError): Unreadable | undefined =>
  cause instanceof Unreadable ? cause : undefined

/**
 * Writes a file whole or not at all: a reader, or a crash, never meets half of it. What is there keeps its mode, a link
 * keeps leading where it does, and what is no file (a terminal, a pipe) is written to as such.
 */
export function writeWhole(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  return writeAs(path, content, (there) => (there === undefined ? mode : there & 0o777))
}

/** The same, and whatever mode the file had, it has this one now. */
export function writeWholeWithMode(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  return writeAs(path, content, () => mode)
}

async function writeAs(
  path: string,
  content: string | Uint8Array,
  modeAfter: (before: number | undefined) => number,
): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path)
    const there = await lstat(target).catch(() => undefined)
    if (there !== undefined && !there.isFile()) await writeThrough(target, content)
    else await replace(target, content, modeAfter(there?.mode))
  } catch (error) {
    throw notWritten(path, error)
  }
}

/** Refuses a path where a file cannot be written: found out by making a draft there, since modes do not tell everything. */
export async function assertWritable(path: string): Promise<void> {
  try {
    const target = await realpath(path).catch(() => path)
    const there = await lstat(target).catch(() => undefined)
    if (there?.isDirectory()) throw notWritten(path, 'EISDIR')
    if (there === undefined || there.isFile()) await rmdir(await draftFolder(target))
  } catch (error) {
    throw error instanceof VouchError ? error : notWritten(path, error)
  }
}

/** Makes a folder that a person named, with all that leads to it. */
export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode })
  } catch (error) {
    throw notWritten(path, error)
  }
}

/** What is being written lies in a folder of its own beside its place, behind a dot. */
const draftFolder = (path: string): Promise<string> => mkdtemp(join(dirname(path), `.${basename(path)}-`))

/** The error for a file that cannot be written, for a reason that the system gave. */
export function notWritten(path: string, cause: unknown): VouchError {
  const code = typeof cause === 'string' ? cause : codeOf(cause)
  const [fact, hint] = code === 'ENOENT' ? NO_FOLDER : reasonOf(code)
  return new VouchError('FILE_NOT_WRITTEN', { rule: `cannot write ${shown(path)}: ${fact}`, hint }, { cause })
}

/** The cause of an error that says that a file cannot be read: of several such errors one is made. */
class Unreadable extends Error {
  readonly path: string
  readonly code: string

  constructor(path: string, code: string, cause?: unknown) {
    super(code, { cause })
    this.path = path
    this.code = code
  }
}

function notRead(files: readonly Unreadable[]): VouchError {
  const [cause] = files
  const [fact, hint] = reasonOf(cause?.code ?? '')
  const paths = files.map(({ path }) => shown(path)).join(', ')
  return new VouchError('FILE_NOT_FOUND', { rule: `cannot read ${paths}: ${fact}`, hint }, { cause })
}

async function writeThrough(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(content)
  } finally {
    await file.close()
  }
}

async function replace(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const folder = await draftFolder(path)
  const draft = join(folder, 'draft')
  try {
    const file = await open(draft, 'wx', mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await renameDurably(draft, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Gives a file another name, or puts it in the place of another: once this returns, no loss of power undoes it. */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}

/** Makes the names in a folder survive a loss of power. A system that cannot sync folders keeps its own promises about names. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(unlessUnsupported)
  try {
    await handle?.sync().catch(unlessUnsupported)
  } finally {
    await handle?.close()
  }
}

/** What systems say that open or sync no folders, and of folders that may be written to but not be read. */
const UNSUPPORTED = ['EACCES', 'EISDIR', 'EPERM', 'EINVAL', 'ENOTSUP']

function unlessUnsupported(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && UNSUPPORTED.includes(String(error.code))) return undefined
  throw error
}

/** As much as the smallest unit that file systems give. */
const PROBE_BYTES = 4096

/** Refuses a folder whose disk takes nothing more: found out by writing, since modes and free counts do not tell everything. */
export async function assertRoom(folder: string): Promise<void> {
  const probe = join(folder, '.probe')
  try {
    const file = await open(probe, 'w', 0o600)
    try {
      await file.writeFile(new Uint8Array(PROBE_BYTES))
      await file.sync()
    } finally {
      await file.close()
      await rm(probe, { force: true })
    }
  } catch (cause) {
    const explanation = {
      rule: 'the disk takes nothing more',
      given: systemReason(cause),
      hint: 'make room on the disk, and see that it can be written to',
    }
    throw new VouchError('STORAGE_FAILED', explanation, { cause })
  }
}

/** What the system's words mean, and what to do about it. */
const REASONS: Readonly<Record<string, readonly [fact: string, hint: string]>> = {
  ENOENT: ['no such file', 'correct the path'],
  ENOTDIR: ['a part of the path is a file, not a folder', 'correct the path'],
  EISDIR: ['it is a folder', 'name a file'],
  'no file': ['it is a pipe, a device or a socket', 'name a file'],
  EACCES: ['permission denied', 'give this user the right, or name another file'],
  EROFS: ['the file system is read-only', 'name another place'],
  ENOSPC: ['no space is left', 'make room, or name another place'],
}
const NO_FOLDER = ['no such folder', 'make the folder, or correct the path'] as const

const reasonOf = (code: string): readonly [fact: string, hint: string] =>
  REASONS[code] ?? [`the system says ${code}`, 'correct the path, or look at the system']

/** Why the system refused, in words: told of its own error, or of one of ours that it caused. It names no path. */
export const systemReason = (error: unknown): string =>
  reasonOf(codeOf(error instanceof VouchError ? error.cause : error))[0]

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'no more than that it failed'

function explanationOf({ given, hint }: VouchError) {
  return { ...(given === undefined ? {} : { given }), ...(hint === undefined ? {} : { hint }) }
}
