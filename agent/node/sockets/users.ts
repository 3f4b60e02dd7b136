import { readFile } from 'node:fs/promises'
import { shown, VouchError } from '@vouch/protocol'
import type { User } from '../../src/configuration.js'

const USERS = '/etc/passwd'

/** The number of a user. Names are looked up in the guest's own file: an accepted image asks no directory elsewhere. */
export async function uidOf(user: User): Promise<number> {
  if (typeof user === 'number') return user
  const lines = (await readFile(USERS, 'utf8').catch(() => '')).split('\n')
  const [, , uid = ''] = lines.map((line) => line.split(':')).find(([name]) => name === user) ?? []
  if (/^[0-9]{1,10}$/.test(uid)) return Number(uid)
  throw new VouchError('CONFIGURATION_UNSOUND', {
    rule: `a user must be a number, or a name in ${USERS}`,
    given: shown(user),
  })
}

/** Who runs this process. */
export function ownUid(): number {
  return process.getuid?.() ?? -1
}
