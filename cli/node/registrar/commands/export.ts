import { openHasher } from '@vouch/circuits'
import { clock, type Terminal } from '@vouch/host/node'
import { publishTo, readPolicies, readRegistry, registrarFolder } from '@vouch/registry/node'

export interface ExportOptions {
  readonly to: string
  readonly json?: true
}

/** `registrar export`: the public part of a registry as a folder, checked like a stranger's before it is written. A server may be running. */
export async function exportCommand(out: Terminal, folder: string, options: ExportOptions): Promise<number> {
  const hash = await openHasher()
  const policies = [...(await readPolicies(registrarFolder(folder))).values()]
  const { head, fetched, buckets } = await readRegistry(folder, { now: clock }, (registry) =>
    publishTo(options.to, registry, { policies, hash }),
  )
  if (options.json) out.data(JSON.stringify({ seq: head.seq, size: head.size, written: fetched, buckets }))
  else out.data(`head ${head.seq} with ${head.size} leaves; wrote ${fetched} of ${buckets} buckets`)
  return 0
}
