import type { Stats } from 'node:fs'
import { lstat, realpath } from 'node:fs/promises'
import { dirname } from 'node:path'
import { shown, VouchError } from '@vouch/protocol'
import { ownUid } from './users.js'

const OTHERS = 0o077
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000
const ROOT = 0

/**
 * Refuses a folder that is not one user's alone. Who connects to a socket cannot be asked here, so the folder decides:
 * it belongs to that user, nobody else gets in, and nobody else can put another in its place.
 */
export async function assertOwnFolder(folder: string, uid: number): Promise<void> {
  const info = await lstat(folder).catch(() => undefined)
  if (info === undefined || !info.isDirectory()) throw exposed(folder, 'must be a folder, and no link to one')
  if ((await realpath(folder)) !== folder) throw exposed(folder, 'must be reached without links')
  if (info.uid !== uid) throw exposed(folder, `must belong to user ${uid}`, `user ${info.uid}`)
  const mode = info.mode & 0o777
  if ((mode & OTHERS) !== 0) throw exposed(folder, 'must be closed to all others', `mode ${mode.toString(8)}`)
  for (let above = dirname(folder); ; above = dirname(above)) {
    if (!isSafeAbove(await lstat(above), uid)) {
      throw exposed(folder, `must lie where nobody else can replace it, and ${shown(above)} lets others`)
    }
    if (above === dirname(above)) return
  }
}

/** Whether the names in a folder can be changed by nobody but this user, the agent and root. */
function isSafeAbove(info: Stats, uid: number): boolean {
  const isOurs = [uid, ownUid(), ROOT].includes(info.uid)
  return isOurs && ((info.mode & WRITABLE_BY_OTHERS) === 0 || (info.mode & STICKY) !== 0)
}

function exposed(folder: string, rule: string, given?: string): VouchError {
  return new VouchError('FOLDER_EXPOSED', {
    rule: `${shown(folder)} ${rule}`,
    ...(given === undefined ? {} : { given }),
    hint: 'one folder for each service, of its user, mode 0700: docs/agent.md has a unit that makes it',
  })
}
