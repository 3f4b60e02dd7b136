import { randomBytes } from 'node:crypto'
import { constants, type Stats } from 'node:fs'
import { link, open, statfs, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, shown, toHex, VouchError } from '@vouch/protocol'

/** File systems that live in memory, by the number that Linux knows them by: tmpfs and ramfs. */
const IN_MEMORY = [0x01021994, 0x858458f6]
const OWNER_ONLY = 0o600
const LONGEST = 65 // 64 digits and a line feed

/**
 * The service's key: what its file holds, or a new one. It outlives a restart of the service and no boot of the guest,
 * because a key on a disk would be in whatever copies the disk.
 */
export async function openKey(path: string, { anywhere = false } = {}): Promise<Uint8Array> {
  if (!anywhere) await assertInMemory(dirname(path))
  const kept = await readKey(path)
  if (kept !== undefined) return kept
  await createKey(path)
  const created = await readKey(path) // another process may have been faster: then its key is the key
  if (created === undefined)
    throw new VouchError('FILE_NOT_FOUND', { rule: 'a new key must stay in its file' })
  return created
}

async function assertInMemory(folder: string): Promise<void> {
  const kind = await statfs(folder).catch((error: unknown) => refuse('FILE_NOT_FOUND', folder, error))
  if (process.platform === 'linux' && IN_MEMORY.includes(kind.type)) return
  throw new VouchError('KEY_EXPOSED', {
    rule: "the key's folder must be in memory: tmpfs or ramfs",
    given: shown(folder),
    hint: 'use a folder below /run; for development alone, allow a key anywhere',
  })
}

/** The key in a file; undefined when there is no file. Everything is asked of the file that was opened, not of a path. */
async function readKey(path: string): Promise<Uint8Array | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const file = await open(path, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    return refuse(error.code === 'ELOOP' ? 'KEY_EXPOSED' : 'FILE_NOT_FOUND', path, error)
  })
  if (file === undefined) return undefined
  try {
    assertPrivate(await file.stat(), path)
    const { buffer, bytesRead } = await file.read(new Uint8Array(LONGEST + 1), 0, LONGEST + 1, 0)
    return keyIn(new TextDecoder().decode(buffer.subarray(0, bytesRead)))
  } finally {
    await file.close()
  }
}

/** Whoever else may read the file may sign; whoever else may write it chooses the key that is announced. */
function assertPrivate(info: Stats, path: string): void {
  const mode = info.mode & 0o777
  if (info.isFile() && info.uid === process.geteuid?.() && mode === OWNER_ONLY) return
  throw new VouchError('KEY_EXPOSED', {
    rule: "the key must be a file of the service's own user, mode 600",
    given: `${shown(path)}, owner ${info.uid}, mode ${mode.toString(8)}`,
    hint: 'delete it, and start the guest anew: its services then have new keys',
  })
}

/** What the file holds is never shown: it may be a key with a slip of the pen. */
function keyIn(text: string): Uint8Array {
  const key = /^[0-9a-f]{64}\n?$/.test(text) ? fromHex(text.trimEnd()) : new Uint8Array()
  if (secp256k1.utils.isValidSecretKey(key)) return key
  throw new VouchError('KEY_MALFORMED', {
    rule: 'a key file must hold 64 hexadecimal digits of a secp256k1 key',
  })
}

/** Writes a new key under a name of its own, then gives it its name: nobody meets half a key, or replaces a whole one. */
async function createKey(path: string): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}-${randomBytes(8).toString('hex')}`)
  try {
    const file = await open(draft, 'wx', OWNER_ONLY)
    try {
      await file.writeFile(`${toHex(secp256k1.utils.randomSecretKey())}\n`)
    } finally {
      await file.close()
    }
    await link(draft, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } catch (error) {
    refuse('FILE_NOT_WRITTEN', path, error)
  } finally {
    await unlink(draft).catch(() => undefined)
  }
}

function refuse(
  code: 'FILE_NOT_FOUND' | 'FILE_NOT_WRITTEN' | 'KEY_EXPOSED',
  path: string,
  cause: unknown,
): never {
  const reason =
    cause instanceof Error && 'code' in cause ? `the system says ${String(cause.code)}` : 'it failed'
  const explanation = {
    rule: 'the key must lie in a file that can be opened, and be no link',
    given: shown(path),
  }
  throw new VouchError(code, { ...explanation, hint: reason }, { cause })
}
