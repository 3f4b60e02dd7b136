import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { parseHead, toHex } from '@vouch/protocol'
import { clock, fieldArgument, parseNamedFile, type Terminal } from '@vouch/protocol/node'
import { issueNonce, nonceOf, printTicket } from '../../src/nonce.js'
import { registrarFolder } from '../registrar-folder.js'
import { readSecret } from '../secret-files.js'

export interface NonceOptions {
  readonly credential: string
}

/** `registrar nonce`: a nonce for one credential. It writes nothing, so it may be asked for while a server runs. */
export async function nonceCommand(out: Terminal, folder: string, options: NonceOptions): Promise<number> {
  const credential = fieldArgument(options.credential, '--credential')
  const { registryId } = await parseNamedFile(join(folder, 'head.json'), parseHead)
  const nonceKey = await readSecret(registrarFolder(folder).nonceKey)
  const ticket = issueNonce({ registryId, nonceKey }, credential, clock(), new Uint8Array(randomBytes(8)))
  out.data(printTicket(ticket))
  out.words(`registrar: nonce ${toHex(nonceOf(ticket))}`)
  return 0
}
