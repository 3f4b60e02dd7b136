import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Signer } from '@vouch/host'
import { readNamedFile, writeWhole } from '@vouch/host/node'
import {
  assertSchema,
  type Database,
  type Hold,
  migrate,
  openFileDatabase,
  openServerDatabase,
} from '@vouch/host/sql'
import { type Hasher, shown, slowHasher, VouchError } from '@vouch/protocol'
import type { Registry, RegistryView } from '../../src/store.js'
import { contentIn, newestHead, recordHead } from './heads.js'
import { AUDIT_DAYS } from './notes.js'
import { headFile, type Publisher } from './publisher.js'
import { rebuild } from './rebuild.js'
import { append, tipOf } from './records.js'
import { SqlRegistry } from './registry.js'
import { SCHEMA } from './schema.js'
import { type ClockTrust, SigningClock } from './signing-clock.js'
import { registryIn, SqlView } from './view.js'

/** Where a registry is kept. */
export interface Store {
  /** `postgres://…`; if not given, what the folder says, or a file in it. */
  readonly store?: string | undefined
}

export interface NewRegistry extends Store {
  /** 32 random bytes, drawn once. */
  readonly id: Uint8Array
  readonly signer: Signer
  readonly now: () => number
}

export interface OpenOptions extends Store {
  readonly now: () => number
  /** How far that clock is believed when something is signed. */
  readonly clock?: ClockTrust | undefined
  /** The key that signs heads; without it no head is cut and nothing removed. */
  readonly signer?: Signer | undefined
  /** How many days the registrar's decisions are kept in the audit. */
  readonly auditDays?: number | undefined
  /** A fast one for a whole registry's work; JavaScript's own if not given. */
  readonly hash?: Hasher | undefined
  /** Another place where heads are published, besides `head.json` in the folder. */
  readonly publish?: ((registry: RegistryView) => Publisher) | undefined
  /** Believes the records alone: checks all of them, and makes anew what follows from them. */
  readonly rebuild?: boolean | undefined
}

export const DATABASE = 'registry.db'

/** What a registry was kept in by releases before this one. */
const FORMER = 'log'

/** Where a folder's registry is kept, if not in the folder. The address may have a password in it, so its owner alone reads it. */
const STORE = 'store'

const open = (folder: string, store: string | undefined): Promise<Database> =>
  store === undefined ? openFileDatabase(join(folder, DATABASE)) : openServerDatabase(store)

/** The database server that a registry is kept on; nothing for one in its folder's file. */
export async function storeOf(folder: string, { store }: Store): Promise<string | undefined> {
  if (store !== undefined) return store
  const path = join(folder, STORE)
  return (await exists(path)) ? new TextDecoder().decode(await readNamedFile(path)).trim() : undefined
}

/** Has the folder say where its registry is, for every command that is given the folder alone. */
export async function keepStore(folder: string, { store }: Store): Promise<void> {
  if (store !== undefined) await writeWhole(join(folder, STORE), `${store}\n`, 0o600)
}

/** Makes an empty registry with its first head. */
export async function createRegistry(folder: string, given: NewRegistry): Promise<void> {
  await mkdir(folder, { recursive: true })
  await refuseRegistry(folder, given)
  await keepStore(folder, given)
  const { id: registryId, signer, now, store } = given
  const registry = await opening(await open(folder, store), async (database, writer) => {
    await migrate(database, SCHEMA)
    await database.transaction(async (queries) => {
      if ((await tipOf(queries)).n >= 0) throw isTaken(folder)
      const init = { version: 2, registryId, time: now() } as const
      await append(queries, await tipOf(queries), { kind: 'init', init })
      await recordHead(queries, { registryId, hash: slowHasher, now: now(), evenIfUnchanged: true })
    })
    const clock = new SigningClock(now(), now)
    return new SqlRegistry({
      publishers: [headFile(folder)],
      id: registryId,
      ...{ database, clock, now, hash: slowHasher, signer, writer, auditDays: AUDIT_DAYS },
    })
  })
  try {
    await registry.settle()
  } finally {
    await registry.close()
  }
}

/** Has a registry opened over a database, which is let go of where that fails. */
async function opening(
  database: Database,
  open: (database: Database, writer: Hold | undefined) => Promise<SqlRegistry>,
): Promise<SqlRegistry> {
  let writer: Hold | undefined
  try {
    writer = await writerOf(database)
    return await open(database, writer)
  } catch (error) {
    await writer?.release()
    await database.close()
    throw error
  }
}

/** Refuses a folder, or a server's database, that has a registry already. */
export async function refuseRegistry(
  folder: string,
  { store, isImport = false }: Store & { readonly isImport?: boolean } = {},
): Promise<void> {
  if (!isImport && (await exists(join(folder, FORMER)))) throw isTaken(folder)
  const where = await storeOf(folder, { store })
  if (where === undefined && !(await exists(join(folder, DATABASE)))) return
  const database = await open(folder, where)
  try {
    const isThere = await registryIn(database).catch(noneWithoutTables)
    if (isThere !== undefined) throw isTaken(folder)
  } finally {
    await database.close()
  }
}

function noneWithoutTables(error: unknown): undefined {
  if (error instanceof VouchError && error.code === 'FILE_NOT_FOUND') return undefined
  throw error
}

/** Opens a registry for writing, after any end that the last writer had. */
export async function openRegistry(folder: string, options: OpenOptions): Promise<Registry> {
  const store = await storeOf(folder, options)
  if (store === undefined) await assertThere(folder)
  return opening(await open(folder, store), (database, writer) => opened(folder, database, writer, options))
}

async function opened(
  folder: string,
  database: Database,
  writer: Hold | undefined,
  options: OpenOptions,
): Promise<SqlRegistry> {
  const { now, signer, hash = slowHasher, auditDays = AUDIT_DAYS } = options
  await migrate(database, SCHEMA)
  if (options.rebuild) {
    await database.check()
    await rebuild(database, hash)
  }
  const id = await idIn(database)
  const newest = await newestHead(database)
  const clock = new SigningClock(newest === undefined ? 0 : contentIn(newest).time, now, options.clock)
  const more = options.publish?.(new SqlView({ id, database, now }))
  const publishers = [headFile(folder), ...(more === undefined ? [] : [more])]
  const registry = new SqlRegistry({ publishers, id, database, clock, now, hash, signer, writer, auditDays })
  await registry.resume()
  return registry
}

/** A file has one writer, whose work others would not see in what it keeps in memory; a server sees to many. */
async function writerOf(database: Database): Promise<Hold | undefined> {
  if (database.engine !== 'sqlite') return undefined
  const hold = await database.hold('writer')
  if (hold !== undefined) return hold
  throw new VouchError('LOCKED', {
    rule: 'another process has this registry open for writing',
    hint: 'end that process, such as registrar serve; it lets go of the registry however it ends',
  })
}

export interface ReadOptions extends Store {
  readonly now: () => number
}

/** Reads a registry that another process may be writing to, and writes nothing: a full disk does not keep it from being read. */
export async function readRegistry<Result>(
  folder: string,
  options: ReadOptions,
  use: (registry: RegistryView) => Promise<Result>,
): Promise<Result> {
  const store = await storeOf(folder, options)
  if (store === undefined) await assertThere(folder)
  const database = await (store === undefined
    ? openFileDatabase(join(folder, DATABASE), { readOnly: true })
    : openServerDatabase(store))
  try {
    await assertSchema(database, SCHEMA)
    return await use(new SqlView({ id: await idIn(database), database, now: options.now }))
  } finally {
    await database.close()
  }
}

async function idIn(database: Database): Promise<Uint8Array> {
  const id = await registryIn(database)
  if (id !== undefined) return id
  throw new VouchError('FILE_NOT_FOUND', {
    rule: 'the database has no registry',
    hint: 'make one with registrar init',
  })
}

async function assertThere(folder: string): Promise<void> {
  if (await exists(join(folder, DATABASE))) return
  if (await exists(join(folder, FORMER))) {
    throw new VouchError('VERSION_UNKNOWN', {
      rule: `${shown(folder)} has a registry in the form of an earlier release`,
      hint: `registrar import ${folder} brings it into the form of this one`,
    })
  }
  throw new VouchError('FILE_NOT_FOUND', {
    rule: `${shown(folder)} is no folder of a registry`,
    hint: 'correct the path, or make a registry with registrar init',
  })
}

function isTaken(folder: string): VouchError {
  return new VouchError('USAGE', {
    rule: 'a new registry must have a folder and a database of its own',
    given: shown(folder),
  })
}

export async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}
