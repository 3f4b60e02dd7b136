import { randomBytes } from 'node:crypto'
import { chmod, link, mkdir, open, stat, unlink } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { shown, VouchError } from '@vouch/protocol'
import { notWritten, parseNamedFile, syncFolder, writeWholeWithMode } from './files.js'

// Files and folders that are for their owner alone.

const OWNER_ONLY = 0o600
const OTHERS = 0o077
/** What the mode of a file shows, as a right of its group, where an access list lets one more user read it. */
const READ_BY_LIST = 0o040

/** Makes a folder for its owner alone. One that is there and open to others is refused: who knows who has read it. */
export async function privateFolder(path: string): Promise<string> {
  if ((await stat(path).catch(() => undefined)) === undefined) {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chmod(path, 0o700) // whatever the umask
  }
  await assertPrivate(path, 'chmod 700')
  return path
}

/** Reads and parses a file that holds a secret. One that others may read is refused before it is looked at. */
export async function parsePrivateFile<T>(path: string, parse: (file: Uint8Array) => T): Promise<T> {
  await assertPrivate(path, 'chmod 600')
  return parseNamedFile(path, (file) => {
    try {
      return parse(file)
    } catch (error) {
      if (!(error instanceof VouchError)) throw error
      // What was given is left out: it may be a secret with a slip of the pen.
      throw new VouchError(error.code, { rule: error.rule })
    }
  })
}

/** Writes a file for its owner alone, whole or not at all, over whatever is there: were that open to others, this is not. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  await writeWholeWithMode(path, content, OWNER_ONLY)
}

/** Writes a file for its owner alone unless there is one. Answers whether it did. */
export async function createPrivateFile(path: string, content: string): Promise<boolean> {
  try {
    return await createOnce(path, content)
  } catch (cause) {
    throw notWritten(path, cause)
  }
}

/**
 * Writes a file under a name that nobody knows, then gives it its own, once: its content is there before its name is, and
 * the file system says who was first. Answers whether it was this one; once it does, no loss of power undoes it.
 */
export async function createOnce(path: string, content: string): Promise<boolean> {
  const folder = dirname(path)
  const draft = join(folder, `.${randomBytes(16).toString('hex')}`)
  try {
    const file = await open(draft, 'wx', OWNER_ONLY)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await link(draft, path)
    await syncFolder(folder)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

async function assertPrivate(path: string, remedy: string): Promise<void> {
  const info = await stat(path).catch(() => undefined)
  if (info === undefined || process.platform === 'win32') return
  if ((info.mode & (isCredential(path) ? OTHERS & ~READ_BY_LIST : OTHERS)) === 0) return
  throw new VouchError('KEY_EXPOSED', {
    rule: 'what holds secrets must be open to its owner alone',
    given: `${shown(path)}, mode ${(info.mode & 0o777).toString(8)}`,
    hint: `${remedy}, and think about who has read it`,
  })
}

/** Whether systemd gives the file to this service, in a folder that no other user enters: it lets the service in by a list. */
function isCredential(path: string): boolean {
  const folder = process.env.CREDENTIALS_DIRECTORY ?? ''
  return folder !== '' && dirname(resolve(path)) === resolve(folder)
}
