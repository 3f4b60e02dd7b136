import { assertLength, fromHex, shown, textOf, toHex, VouchError } from '@vouch/protocol'
import { createPrivateFile, parsePrivateFile } from './private-files.js'

/** Reads 32 secret bytes, written as hexadecimal. A file that others may read is no secret, and is not used as one. */
export function readSecret(path: string): Promise<Uint8Array> {
  return parsePrivateFile(path, (file) => {
    try {
      return assertLength(fromHex(textOf(file).trim()), 32, 'secret')
    } catch {
      throw new VouchError('KEY_MALFORMED', { rule: 'a secret file must hold 64 hexadecimal digits' })
    }
  })
}

/** Writes 32 secret bytes for the owner alone, and over no file that is there. */
export async function writeSecret(path: string, secret: Uint8Array): Promise<void> {
  if (await createPrivateFile(path, `${toHex(secret)}\n`)) return
  throw new VouchError('USAGE', { rule: 'a secret must not be written over a file', given: shown(path) })
}
