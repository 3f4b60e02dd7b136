import { openHasher } from '@vouch/circuits'
import { clock, type Terminal } from '@vouch/host/node'
import { fieldToBytes, toHex } from '@vouch/protocol'
import { openRegistry } from '@vouch/registry/node'

export interface RebuildOptions {
  readonly json?: true
}

/** `registrar rebuild`: believes the log alone, checks all of it, and makes the index anew. */
export async function rebuildCommand(
  out: Terminal,
  folder: string,
  { json }: RebuildOptions,
): Promise<number> {
  const registry = await openRegistry(folder, { now: clock, hash: await openHasher(), rebuild: true })
  try {
    const { head, size } = registry
    const root = toHex(fieldToBytes(head.root))
    if (json) out.data(JSON.stringify({ leaves: size, seq: head.seq, root }))
    else out.data(`the log holds: ${size} leaves, and heads up to ${head.seq} with root ${root}`)
    return 0
  } finally {
    await registry.close()
  }
}
