import { mkdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { renameDurably } from '@vouch/host/node'
import { emptySubtree, type Hasher, REGISTRY_DEPTH, shown, slowHasher, VouchError } from '@vouch/protocol'
import { encodeRecord } from '@vouch/protocol/registrar-folder'
import { nextHead } from '../../src/heads.js'
import type { Registry } from '../../src/store.js'
import { type OpenFile, onDisk, openFile } from './disk.js'
import { publishHead, refuseOlderThanPublished } from './head-file.js'
import { IndexFiles } from './index-files.js'
import { type Lock, takeLock } from './lock.js'
import { LOG_START, RecordLog } from './record-log.js'
import { RegistryStore } from './registry-store.js'
import { Replay } from './replay.js'
import { type ClockTrust, SigningClock } from './signing-clock.js'

export interface NewRegistry {
  /** 32 random bytes, drawn once. */
  readonly id: Uint8Array
  /** Secret key that signs heads. */
  readonly signer: Uint8Array
  readonly now: () => number
}

export interface OpenOptions {
  readonly now: () => number
  /** How far that clock is believed when something is signed. */
  readonly clock?: ClockTrust | undefined
  /** Secret key that signs heads; without it no head is cut and nothing removed. */
  readonly signer?: Uint8Array | undefined
  /** A fast one for a whole registry's work; JavaScript's own if not given. */
  readonly hash?: Hasher | undefined
  readonly openFile?: OpenFile | undefined
  /** Believes the log alone: reads all of it, checks every head in it, and makes the index anew. */
  readonly rebuild?: boolean | undefined
}

export const LOG = 'log'
export const EVIDENCE = 'evidence.log'
export const INDEX = 'index'

const MAKE_ROOM = 'make room on the disk, and see that it can be written to; then try again'

/** Makes an empty registry with its first head. It is there whole or not at all. */
export function createRegistry(folder: string, registry: NewRegistry): Promise<void> {
  return onDisk(() => create(folder, registry), MAKE_ROOM)
}

async function create(folder: string, { id, signer, now }: NewRegistry): Promise<void> {
  await mkdir(folder, { recursive: true })
  const lock = await takeLock(folder, now())
  try {
    await refuseRegistry(folder)
    const head = nextHead({
      registryId: id,
      before: undefined,
      size: 0,
      root: emptySubtree(REGISTRY_DEPTH),
      refusesEarlierRoots: false,
      now: now(),
      signer,
    })
    const draft = join(folder, `.${LOG}`)
    await rm(draft, { force: true })
    const { assertHeld: assertWriter } = lock
    const log = await RecordLog.open({ file: await openFile(draft), name: LOG, assertWriter }, LOG_START)
    const init = { version: 1, registryId: id, time: now() } as const
    await log.append([encodeRecord({ kind: 'init', init }), encodeRecord({ kind: 'head', head })])
    await log.close()
    await (await openFile(join(folder, EVIDENCE))).close()
    await renameDurably(draft, join(folder, LOG))
    await publishHead(folder, head)
  } finally {
    await lock.release()
  }
}

/** Refuses a folder that has a registry already. */
export async function refuseRegistry(folder: string): Promise<void> {
  if (!(await exists(join(folder, LOG)))) return
  throw new VouchError('USAGE', {
    rule: 'a new registry must have a folder of its own',
    given: shown(folder),
  })
}

/** Opens a registry for writing, after whatever ended the last writer. */
export function openRegistry(folder: string, options: OpenOptions): Promise<Registry> {
  return onDisk(() => openToWrite(folder, options), MAKE_ROOM)
}

async function openToWrite(folder: string, options: OpenOptions): Promise<Registry> {
  if (!(await exists(join(folder, LOG))))
    throw new VouchError('FILE_NOT_FOUND', {
      rule: `${shown(folder)} is no folder of a registry`,
      hint: 'correct the path, or make a registry with registrar init',
    })
  const lock = await takeLock(folder, options.now())
  const store = await openLocked(folder, lock, options, options.rebuild ?? false).catch(async (error) => {
    await lock.release()
    throw error
  })
  try {
    await refuseOlderThanPublished(folder, store.head)
  } catch (error) {
    await store.close()
    throw error
  }
  await store.publish()
  return store
}

async function openLocked(
  folder: string,
  lock: Lock,
  options: OpenOptions,
  anew: boolean,
): Promise<RegistryStore> {
  const { now, signer, hash = slowHasher, openFile: open = openFile } = options
  const { index, checkpoint } = await IndexFiles.open(join(folder, INDEX), { anew })
  const files = { log: await open(join(folder, LOG)), evidence: await open(join(folder, EVIDENCE)) }
  const known = { log: checkpoint?.log ?? LOG_START, evidence: checkpoint?.evidence ?? LOG_START }
  let replay: Replay | undefined
  try {
    const { assertHeld: assertWriter } = lock
    const evidenceParts = { file: files.evidence, name: EVIDENCE, assertWriter }
    const evidence = await RecordLog.open(evidenceParts, known.evidence)
    const toIndex = new Replay(index, evidence, hash, checkpoint?.registryId)
    replay = toIndex
    const logParts = { file: files.log, name: LOG, assertWriter }
    const log = await RecordLog.open(logParts, known.log, (record) => toIndex.take(record))
    const id = toIndex.finish()
    const clock = new SigningClock(index.newestHead?.time ?? 0, now, options.clock)
    const store = new RegistryStore({ folder, id, log, evidence, index, lock, clock, now, hash, signer })
    if (checkpoint === undefined) await store.checkpoint() // whoever reads meanwhile goes by the index
    return store
  } catch (error) {
    await Promise.all([files.log.close(), files.evidence.close(), index.close()])
    // The log is the truth, and what does not fit it may be the index: only its own replay can convict the log.
    if (replay?.failed && checkpoint !== undefined) return openLocked(folder, lock, options, true)
    throw error
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
