import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openHasher } from '@vouch/circuits'
import {
  assertWanted,
  BUCKET_LEAVES,
  type Credential,
  type Draft,
  equalBytes,
  type Hasher,
  type Reading,
  slowHasher,
  toHex,
  VouchError,
} from '@vouch/protocol'
import type { RegistrySource, Synced } from '@vouch/registry'
import { openSource } from '@vouch/registry/node'
import { startingWith } from '../src/copy.js'
import {
  type Copy,
  credentialOf,
  findCredential,
  finishEnrollment,
  openCopy,
  syncCopy,
  USUAL_CAUTION,
} from '../src/index.js'
import { abandonable } from '../src/net.js'
import { chainSource, type OnChain } from './chain-source.js'
import { type Home, usualName } from './home.js'

// How Alice's copies of registries come to be up to date. Nothing here is called for a Request.

export interface SyncOptions {
  /** Folder or URL of any mirror. It is kept, and read from until she names another; the registrar that admitted her, before. */
  readonly mirror?: string | undefined
  /** Instead of a mirror: the registry's contract. It is kept likewise. */
  readonly onChain?: OnChain | undefined
  /** A signer other than the one that is pinned, which the holder has come to believe. */
  readonly signer?: Uint8Array | undefined
  readonly onBucket?: ((done: number, of: number) => void) | undefined
  readonly signal?: AbortSignal | undefined
}

export interface WaitOptions extends Pick<SyncOptions, 'mirror' | 'onChain' | 'signal'> {
  readonly everyMs?: number
  /** How long to wait in all; a little longer than registrars take to cut a head, if not given. */
  readonly waitMs?: number
}

export interface SyncedCopy extends Synced {
  readonly copy: Copy
}

export interface Syncing {
  /** Brings her copy of a registry up to its newest head. */
  sync(held: Draft, options?: SyncOptions): Promise<SyncedCopy>
  /** Waits until a published head has the credential: before that there is nothing to prove with. */
  published(credential: Credential, options?: WaitOptions): Promise<void>
  /** Keeps enrollments whose receipt went missing on its way, where a copy shows that they were admitted. Answers with their names. */
  claim(registryId: Uint8Array, copy: Copy): Promise<readonly string[]>
}

interface SyncingParameters {
  readonly timeoutMs: number | undefined
  readonly now: () => number
}

export function openSyncing(home: Home, { timeoutMs, now }: SyncingParameters): Syncing {
  const inTurn = turns()

  /** Where a registry is read from: what the caller names, what she named before, or the registrar that admitted her. */
  const readingOf = async ({ registry, registrar }: Draft, given: SyncOptions): Promise<Reading> => {
    const { mirror, onChain } = given
    if (onChain !== undefined) return chainReading(onChain)
    if (mirror !== undefined) return mirrorReading(mirror)
    const kept = await home.reading(registry.id)
    return kept ?? { version: 1, mirror: registrar ?? registryUnnamed() }
  }

  const opened = (held: Draft, { mirror, chain }: Reading, given: SyncOptions): Promise<RegistrySource> =>
    chain === undefined
      ? openSource(whereOf(mirror ?? registryUnnamed()), { timeoutMs, signal: given.signal })
      : abandonable(
          chainSource(home, { timeoutMs, ...chain, ...given.onChain }, held.registry.id),
          given.signal,
        )

  const syncNow = async (held: Draft, given: SyncOptions): Promise<SyncedCopy> => {
    const { signal, onBucket } = given
    assertWanted(signal)
    const { id } = held.registry
    const reading = await readingOf(held, given)
    const mirror = await home.mirrorOf(id)
    const { source, hash } = await startedAt(await opened(held, reading, given), signal)
    const registry = { id, signer: given.signer ?? held.registry.signer }
    const synced = await syncCopy({ source, mirror, registry, hash, onBucket, signal })
    // Once it has answered, and not before: a slip of the pen must not stand in the place of what works.
    if (given.mirror !== undefined || given.onChain !== undefined) await home.keepReading(id, reading)
    return { ...synced, copy: await openCopy(mirror, hash) }
  }

  const isInFreshCopy = async (credential: Credential): Promise<boolean> => {
    const mirror = await home.mirrorOf(credential.registry.id)
    const head = await mirror.head()
    if (head === undefined || head.time < now() - USUAL_CAUTION.headAge) return false
    const copy = await openCopy(mirror, await hasherFor(head.size))
    return (await findCredential(copy, credentialOf(credential))) !== undefined
  }

  const sync: Syncing['sync'] = (held, given = {}) => inTurn(held, given.signal, () => syncNow(held, given))

  return {
    sync,
    published: async (credential, { mirror, onChain, everyMs = 2000, waitMs = WAIT_MS, signal } = {}) => {
      // A copy that has her already is not read again: programs open her because they are asked something, and a sync at
      // that moment would tell the registrar so.
      const isNamed = mirror !== undefined || onChain !== undefined
      if (!isNamed && (await isInFreshCopy(credential))) return
      const start = performance.now()
      for (let pauseMs = everyMs; ; pauseMs = Math.min(2 * pauseMs, Math.max(everyMs, LONGEST_PAUSE_MS))) {
        const { copy } = await sync(credential, { mirror, onChain, signal })
        if ((await findCredential(copy, credentialOf(credential))) !== undefined) return
        if (performance.now() - start > waitMs) throw unpublished(waitMs)
        await pause(pauseMs, signal)
      }
    },
    claim: async (registryId, copy) => {
      const names: string[] = []
      for (const draft of await home.drafts()) {
        if (!equalBytes(draft.registry.id, registryId) || draft.expiresAt === undefined) continue
        const member = await findCredential(copy, credentialOf(draft))
        if (member !== undefined) {
          const receipt = { version: 1, registryId, ...member } as const
          await home.keepCredential(finishEnrollment(draft, receipt, now()))
          names.push(usualName(draft))
        } else if (draft.expiresAt < now()) await home.forgetDraft(draft)
      }
      return names
    },
  }
}

/** One after another for each registry: two that write one copy at a time leave an index that does not fit its head. */
function turns() {
  const last = new Map<string, Promise<unknown>>()
  return <T>({ registry }: Draft, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> => {
    const id = toHex(registry.id)
    const mine = (last.get(id) ?? Promise.resolve()).then(work)
    last.set(
      id,
      mine.catch(() => undefined),
    )
    return abandonable(mine, signal)
  }
}

/** A source whose head was read, and a hasher for as many leaves: no head is asked for twice. */
export async function startedAt(source: RegistrySource, signal: AbortSignal | undefined) {
  const head = await abandonable(source.head(), signal)
  return { source: startingWith(source, head), hash: await hasherFor(head.size) }
}

/** A fast hasher takes most of a second to start: worth it where there is more than a bucket or two. */
export const hasherFor = async (size: number): Promise<Hasher> =>
  size > 2 * BUCKET_LEAVES ? fastHasher() : slowHasher

let fast: Promise<Hasher> | undefined

/** Started once: a program that syncs for weeks would start one at each tick. If it fails to start, the next call tries again. */
function fastHasher(): Promise<Hasher> {
  fast ??= openHasher().catch((error: unknown) => {
    fast = undefined
    throw error
  })
  return fast
}

export function chainReading({ rpc, contract, fromBlock, confirmations }: OnChain): Reading {
  const from = fromBlock === undefined ? {} : { fromBlock }
  return {
    version: 1,
    chain: { rpc, contract, ...from, ...(confirmations === undefined ? {} : { confirmations }) },
  }
}

/** A folder is kept by its whole path: the next to sync may stand in another. */
export const mirrorReading = (where: string): Reading => ({
  version: 1,
  mirror: isUrl(where) ? where : pathToFileURL(resolve(where)).href,
})

const whereOf = (mirror: string): string => (mirror.startsWith('file:') ? fileURLToPath(mirror) : mirror)

const isUrl = (where: string): boolean => /^https?:\/\//.test(where)

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  await setTimeout(milliseconds, undefined, signal && { signal }).catch(() => assertWanted(signal))
}

/** Registrars cut a head every ten minutes by default. */
const WAIT_MS = 15 * 60_000
/** The longest between two looks: each asks for the last buckets anew. */
const LONGEST_PAUSE_MS = 30_000

function unpublished(waitMs: number): VouchError {
  return new VouchError('CREDENTIAL_UNPUBLISHED', {
    rule: 'the credential must be in a published head',
    given: `not after ${waitMs} ms`,
    hint: 'ask the registrar whether heads are cut',
  })
}

function registryUnnamed(): never {
  throw new VouchError('USAGE', {
    rule: 'the registry must be named: the credential was enrolled by files, and says no address',
    hint: 'alice sync --registry with a folder or URL, which is kept',
  })
}
