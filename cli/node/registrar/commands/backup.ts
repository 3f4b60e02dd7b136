import { clock, type Terminal } from '@vouch/host/node'
import { readRegistry } from '@vouch/registry/node'

export interface BackupOptions {
  readonly to: string
  readonly json?: true
}

/** `registrar backup`: copies the registry into one file, while a server may be writing to it. */
export async function backupCommand(
  out: Terminal,
  folder: string,
  { to, json }: BackupOptions,
): Promise<number> {
  const { seq, members } = await readRegistry(folder, { now: clock }, async (registry) => {
    await registry.backup(to)
    return { seq: (await registry.head()).seq, members: (await registry.counts()).admitted }
  })
  if (json) out.data(JSON.stringify({ to, seq, members }))
  else out.data(`copied ${members} members, and heads up to ${seq}`)
  out.words('registrar: the keys and policies of the folder are not in it: keep a copy of those too')
  return 0
}
