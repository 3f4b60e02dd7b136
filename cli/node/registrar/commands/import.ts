import { openHasher } from '@vouch/circuits'
import type { Terminal } from '@vouch/host/node'
import { importFormer } from '@vouch/registry/node'

export interface ImportOptions {
  readonly store?: string
  readonly json?: true
}

/** `registrar import`: brings a registry of an earlier release into the form of this one. The old files stay. */
export async function importCommand(
  out: Terminal,
  folder: string,
  { store, json }: ImportOptions,
): Promise<number> {
  const { members, seq } = await importFormer(folder, await openHasher(), { store })
  if (json) out.data(JSON.stringify({ members, seq }))
  else out.data(`imported ${members} members, and heads up to ${seq}: each has the root that was signed`)
  out.words(
    'registrar: log, evidence.log and index/ are not read any more: keep them until you trust the copy',
  )
  return 0
}
