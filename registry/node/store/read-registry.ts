import { join } from 'node:path'
import { type Hasher, slowHasher, VouchError } from '@vouch/protocol'
import type { RegistryView } from '../../src/store.js'
import { type DataFile, openToRead, storageFailed } from './disk.js'
import { refuseOlderThanPublished } from './head-file.js'
import { IndexFiles } from './index-files.js'
import { EVIDENCE, INDEX, LOG, openRegistry } from './open-registry.js'
import { OpenView } from './open-view.js'
import { RecordLog } from './record-log.js'
import { Replay } from './replay.js'

export interface ReadOptions {
  readonly now: () => number
  readonly hash?: Hasher | undefined
}

/** How often a registry is read that is written to meanwhile. */
const ATTEMPTS = 10

/**
 * Reads a registry, which another process may be writing to: takes no lock, and writes nothing, so that a full disk does not keep it from
 * being read. The index follows the log at times of the writer's own. Where it knows of records that were not there yet when the log
 * was read, all is read again, `use` included. A registry without an index, or whose index does not fit, is opened for writing, which
 * makes it anew.
 */
export async function readRegistry<Result>(
  folder: string,
  options: ReadOptions,
  use: (registry: RegistryView) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const outcome = await readOnce(folder, options, use)
    if (outcome === 'without an index') break
    if (outcome !== 'outdated') return outcome.result
  }
  const registry = await openRegistry(folder, options)
  try {
    return await use(registry)
  } finally {
    await registry.close()
  }
}

async function readOnce<Result>(
  folder: string,
  { now, hash = slowHasher }: ReadOptions,
  use: (registry: RegistryView) => Promise<Result>,
): Promise<{ readonly result: Result } | 'outdated' | 'without an index'> {
  const opened = await openFiles(folder)
  if (opened === undefined) return 'without an index'
  const { index, checkpoint, log: logFile, evidence: evidenceFile } = opened
  const sizeBefore = await logFile.size()
  let replay: Replay | undefined
  try {
    const evidence = await RecordLog.read(partsOf(evidenceFile, EVIDENCE), checkpoint.evidence)
    const toIndex = new Replay(index, evidence, hash, checkpoint.registryId)
    replay = toIndex
    const log = await RecordLog.read(partsOf(logFile, LOG), checkpoint.log, (it) => toIndex.take(it))
    const view = new OpenView({ id: toIndex.finish(), log, evidence, index, now, hash })
    await refuseOlderThanPublished(folder, view.head)
    return { result: await use(view) }
  } catch (error) {
    if (!doesNotFit(error)) throw error
    if ((await logFile.size()) !== sizeBefore) return 'outdated'
    if (replay?.failed) return 'without an index'
    throw error
  } finally {
    await Promise.all([logFile.close(), evidenceFile.close(), index.close()])
  }
}

async function openFiles(folder: string) {
  try {
    const opened = await IndexFiles.read(join(folder, INDEX))
    if (opened === undefined) return undefined
    const log = await openToRead(join(folder, LOG))
    return { ...opened, log, evidence: await openToRead(join(folder, EVIDENCE)) }
  } catch (error) {
    // Gone, or going: who opens it for writing says what is wrong, or makes it anew.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw storageFailed(error, 'whoever reads a registry must be its owner')
  }
}

const partsOf = (file: DataFile, name: string) => ({
  file,
  name,
  assertWriter: () =>
    Promise.reject(new VouchError('INTERNAL', { rule: 'who reads a registry must not write to it' })),
})

/** What it looks like when index and log are of two times; and damage does. */
const doesNotFit = (error: unknown): boolean =>
  error instanceof VouchError && (error.code === 'LOG_CORRUPT' || error.code === 'LEAVES_FALSE')
