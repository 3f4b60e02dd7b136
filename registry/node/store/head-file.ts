import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemReason, writeWhole } from '@vouch/host/node'
import { type Head, parseHead, printHead, VouchError } from '@vouch/protocol'

const HEAD_FILE = 'head.json'

/** Puts a head where verifiers look for it. It is recorded already. */
export async function publishHead(folder: string, head: Head): Promise<void> {
  const content = `${printHead(head)}\n`
  const path = join(folder, HEAD_FILE)
  const there = await readFile(path, 'utf8').catch(() => undefined)
  if (there === content) return
  try {
    await writeWhole(path, content)
  } catch (error) {
    throw headNotWritten(error)
  }
}

function headNotWritten(cause: unknown): VouchError {
  return new VouchError(
    'STORAGE_FAILED',
    {
      rule: `${HEAD_FILE} was not written: the newest head is recorded, and is served from there`,
      given: systemReason(cause),
      hint: 'make room on the disk: the next head is written then, or registrar head --cut writes this one',
    },
    { cause },
  )
}

/** Refuses a registry that is older than the head beside it: to go on from there would sign a second history. */
export async function refuseOlderThanPublished(folder: string, head: Pick<Head, 'seq'>): Promise<void> {
  const content = await readFile(join(folder, HEAD_FILE)).catch(() => undefined)
  if (content === undefined) return
  const published = parseHead(new Uint8Array(content))
  if (published.seq <= head.seq) return
  throw new VouchError('LOG_CORRUPT', {
    rule: `the database must have the head that ${HEAD_FILE} shows`,
    given: `head ${published.seq} beside a database that ends with head ${head.seq}`,
    hint: 'restore the newest backup; never sign a history that forgets what was published',
  })
}
