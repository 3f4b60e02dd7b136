import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Head, MAX_FILE_BYTES, parseHead, shown, VouchError } from '@vouch/protocol'
import { parseNamedFile } from '@vouch/protocol/node'

/** The newest head: `head.json` in a registry's folder or behind its URL, or the head's own file. */
export async function readHead(where: string): Promise<Head> {
  if (/^https?:\/\//.test(where)) return parseHead(await fetchHead(`${where.replace(/\/+$/, '')}/head.json`))
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

const TIMEOUT_MS = 10_000

/** The server is believed in nothing: not in the head's content, which is signed, nor in how much it sends. */
async function fetchHead(url: string): Promise<Uint8Array> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' })
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`)
    const parts: Uint8Array[] = []
    let size = 0
    for await (const part of response.body) {
      size += part.length
      if (size > MAX_FILE_BYTES) throw new Error('the answer is too long')
      parts.push(part)
    }
    return Buffer.concat(parts)
  } catch (cause) {
    throw new VouchError(
      'HEAD_MISSING',
      {
        rule: 'the registry must answer with its head',
        given: shown(url),
        hint: 'give the folder of a synced registry instead',
      },
      { cause },
    )
  }
}
