import { stat } from 'node:fs/promises'
import { assertLength, fromHex, shown, toHex, VouchError } from '@vouch/protocol'
import { readNamedFile, writeWhole } from '@vouch/protocol/node'

const OWNER_ONLY = 0o600
const OTHERS = 0o077

/** Reads 32 secret bytes, written as hexadecimal. A file that others may read is no secret, and is not used as one. */
export async function readSecret(path: string): Promise<Uint8Array> {
  const text = new TextDecoder().decode(await readNamedFile(path)).trim()
  const { mode } = await stat(path)
  if ((mode & OTHERS) !== 0) {
    throw new VouchError('KEY_EXPOSED', {
      rule: 'a secret file must be readable by its owner alone',
      given: `${shown(path)}, mode ${(mode & 0o777).toString(8)}`,
      hint: 'chmod 600, and think about who has read it',
    })
  }
  try {
    return assertLength(fromHex(text), 32, 'secret')
  } catch {
    // What was given is left out: it may be a secret with a slip of the pen.
    throw new VouchError('KEY_MALFORMED', { rule: 'a secret file must hold 64 hexadecimal digits' })
  }
}

/** Writes 32 secret bytes for the owner alone, and over no file that is there. */
export async function writeSecret(path: string, secret: Uint8Array): Promise<void> {
  if (await stat(path).catch(() => undefined)) {
    throw new VouchError('USAGE', { rule: 'a secret must not be written over a file', given: shown(path) })
  }
  await writeWhole(path, `${toHex(secret)}\n`, OWNER_ONLY)
}
