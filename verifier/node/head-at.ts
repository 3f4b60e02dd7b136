import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fetchBounded, parseNamedFile } from '@vouch/host/node'
import { type Head, MAX_FILE_BYTES, parseHead, shown, VouchError } from '@vouch/protocol'

/** The newest head: `head.json` in a registry's folder or behind its URL, or the head's own file. */
export async function readHead(where: string): Promise<Head> {
  if (/^https?:\/\//.test(where)) {
    const url = `${where.replace(/\/+$/, '')}/head.json`
    return parseHead(await fetchBounded(url, MAX_FILE_BYTES, 'give the folder of a synced registry instead'))
  }
  const info = await stat(where).catch(() => undefined)
  if (!info?.isDirectory()) return parseNamedFile(where, parseHead)
  const path = join(where, 'head.json')
  if (!(await stat(path).catch(() => undefined))) {
    throw new VouchError('HEAD_MISSING', {
      rule: 'a registry folder must hold head.json',
      given: shown(where),
    })
  }
  return parseNamedFile(path, parseHead)
}
