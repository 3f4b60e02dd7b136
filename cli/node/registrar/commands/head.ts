import { join } from 'node:path'
import { openHasher } from '@vouch/circuits'
import { clock, openSigner, parseNamedFile, type Terminal } from '@vouch/host/node'
import { parseHead, printHead } from '@vouch/protocol'
import {
  type ClockOptions,
  clockTrust,
  keyFile,
  openRegistry,
  type SigningOptions,
} from '@vouch/registry/node'

export interface HeadOptions extends SigningOptions, ClockOptions {
  readonly cut?: true
  readonly force?: true
}

/** `registrar head`: the newest head; with --cut, a new one if anything changed. */
export async function headCommand(out: Terminal, folder: string, options: HeadOptions): Promise<number> {
  if (!options.cut) {
    out.data(printHead(await parseNamedFile(join(folder, 'head.json'), parseHead)))
    return 0
  }
  const signer = await openSigner(keyFile(folder, options))
  const hash = await openHasher()
  const registry = await openRegistry(folder, { now: clock, signer, hash, clock: clockTrust(out, options) })
  try {
    out.data(printHead(await registry.cutHead({ evenIfUnchanged: options.force ?? false })))
    return 0
  } finally {
    await registry.close()
  }
}
