import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { clock, fieldArgument, parseNamedFile, readSecret, type Terminal } from '@vouch/host/node'
import { issueNonce, nonceOf, parseHead, printTicket, toHex } from '@vouch/protocol'
import { registrarFolder } from '@vouch/registry/node'

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
