import { openHasher } from '@vouch/circuits'
import { clock, type Terminal } from '@vouch/host/node'
import { fieldToBytes, toHex } from '@vouch/protocol'
import { openRegistry } from '@vouch/registry/node'

export interface RebuildOptions {
  readonly json?: true
}

/** `registrar rebuild`: believes the records alone, checks all of them, and makes the rest anew. */
export async function rebuildCommand(
  out: Terminal,
  folder: string,
  { json }: RebuildOptions,
): Promise<number> {
  const registry = await openRegistry(folder, { now: clock, hash: await openHasher(), rebuild: true })
  try {
    const [head, { admitted }] = [await registry.head(), await registry.counts()]
    const root = toHex(fieldToBytes(head.root))
    if (json) out.data(JSON.stringify({ members: admitted, seq: head.seq, root }))
    else out.data(`the records hold: ${admitted} members, and heads up to ${head.seq} with root ${root}`)
    return 0
  } finally {
    await registry.close()
  }
}
