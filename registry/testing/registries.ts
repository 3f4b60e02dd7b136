import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptySubtree, fixedRoot, REGISTRY_DEPTH } from '@vouch/protocol'
import { onTestFinished } from 'vitest'
import { createRegistry, type OpenOptions, openRegistry } from '../node/store/index.js'
import type { Registry } from '../src/store.js'
import { ID, NOW, SIGNER } from './members.js'

export { ID, member, NOW, POLICY, SIGNER } from './members.js'

export const now = () => NOW

/** Memory where there is such a disk: hundreds of crashes need no real one, and a real one takes its time to sync. */
const TEMPORARY = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A folder that is gone after the test. */
export function scratch(): string {
  const folder = mkdtempSync(join(TEMPORARY, 'vouch-registry-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The folder of a new, empty registry. */
export async function newFolder(): Promise<string> {
  const folder = join(scratch(), 'registry')
  await createRegistry(folder, { id: ID, signer: SIGNER, now })
  return folder
}

export function open(folder: string, options: Partial<OpenOptions> = {}): Promise<Registry> {
  return openRegistry(folder, { now, signer: SIGNER, ...options })
}

/** Runs with an open registry and closes it, whatever happens. */
export async function using<Result>(
  folder: string,
  work: (registry: Registry) => Promise<Result>,
  options?: Partial<OpenOptions>,
): Promise<Result> {
  const registry = await open(folder, options)
  try {
    return await work(registry)
  } finally {
    await registry.close()
  }
}

/** The root over leaves, computed without any store. */
export function rootOf(leaves: readonly bigint[]): bigint {
  return leaves.length === 0 ? emptySubtree(REGISTRY_DEPTH) : fixedRoot(REGISTRY_DEPTH, leaves)
}
