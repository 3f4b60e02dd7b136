import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openHasher } from '@vouch/circuits'
import type { Terminal } from '@vouch/host/node'
import { importFormer, moveRegistry } from '@vouch/registry/node'

export interface ImportOptions {
  readonly store?: string
  readonly json?: true
}

/**
 * `registrar import`: brings a registry of an earlier release into the form of this one, or one that is in its folder's file onto
 * a database server. The old files stay.
 */
export async function importCommand(
  out: Terminal,
  folder: string,
  { store, json }: ImportOptions,
): Promise<number> {
  const hash = await openHasher()
  const isMove = store !== undefined && existsSync(join(folder, 'registry.db'))
  const { members, seq } = isMove
    ? await moveRegistry(folder, store, hash)
    : await importFormer(folder, hash, { store })
  if (json) out.data(JSON.stringify({ members, seq }))
  else out.data(`imported ${members} members, and heads up to ${seq}: each has the root that was signed`)
  const old = isMove ? 'registry.db.moved is' : 'log, evidence.log and index/ are'
  out.words(`registrar: ${old} not read any more: keep what is old until you trust the copy`)
  return 0
}
