import { randomInt } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { type Draft, equalBytes, type Head, toHex, VouchError } from '@vouch/protocol'
import type { Home } from './home.js'
import type { Syncing, SyncOptions } from './syncing.js'

// The clock by which Alice syncs: it is no one's but hers, and goes whether she answers or not.

/** One registry whose copy is up to date. */
interface Synced {
  readonly registryId: Uint8Array
  readonly head: Head
  readonly fetched: number
  readonly buckets: number
  /** Names of credentials whose receipt had gone missing, and that the registry shows to be admitted. */
  readonly claimed: readonly string[]
}

interface NotSynced {
  readonly registryId: Uint8Array
  readonly error: VouchError
  /** When it failed for the first time since it last did not. */
  readonly since: number
}

/** How one registry fared when its turn came. */
export type SyncTold = Synced | NotSynced

export const isFailed = (told: SyncTold): told is NotSynced => 'error' in told

/** What she holds in each registry, one of it: as much as it takes to sync. */
export async function heldRegistries(home: Home): Promise<readonly Draft[]> {
  const held = await home.all()
  return held.filter(
    ({ registry }, i) => held.findIndex((other) => equalBytes(other.registry.id, registry.id)) === i,
  )
}

/** Syncs one registry, and keeps what it shows to be hers. */
export async function syncAndClaim(syncing: Syncing, held: Draft, options: SyncOptions): Promise<Synced> {
  const registryId = held.registry.id
  const { head, fetched, buckets, copy } = await syncing.sync(held, options)
  return { registryId, head, fetched, buckets, claimed: await syncing.claim(registryId, copy) }
}

interface Ticking {
  readonly everyMs: number
  /** Ends it, and what is under way. */
  readonly signal: AbortSignal
  /** Whether waiting for the next tick keeps the process alive. */
  readonly ref: boolean
}

/**
 * Syncs at each tick until it is told to end. No fault of a mirror ends it. All members share the ticks: multiples of the interval since
 * 1970, where registrars cut heads too, and a random while more, drawn anew each time, since a phase of her own would be a name.
 */
export async function keepSyncing(
  round: (signal: AbortSignal) => Promise<unknown>,
  { everyMs, signal, ref }: Ticking,
): Promise<void> {
  while (!signal.aborted) {
    const wait = untilNextTick(Date.now(), everyMs, randomInt(GRAIN) / GRAIN)
    await setTimeout(wait, undefined, { signal, ref }).catch(() => undefined)
    // What it cannot tell of by itself, such as a folder that went away, ends no clock: the next tick tries again.
    if (!signal.aborted) await round(signal).catch(() => undefined)
  }
}

const GRAIN = 2 ** 32
/** The part of an interval within which all who share a tick come: not at one moment, for the mirror's sake. */
const JITTER = 0.25

/** From now to the next tick and a random part of the jitter, in milliseconds. */
export const untilNextTick = (nowMs: number, everyMs: number, random: number): number =>
  everyMs - (nowMs % everyMs) + random * JITTER * everyMs

export type Round = (options: SyncOptions, onTold: (told: SyncTold) => void) => Promise<void>

/** A round over all registries that she holds anything in: a mirror that fails keeps her from none of the others. */
export function openRounds(home: Home, syncing: Syncing, now: () => number): Round {
  const failing = new Map<string, number>()

  const told = async (held: Draft, options: SyncOptions): Promise<SyncTold> => {
    const registryId = held.registry.id
    const id = toHex(registryId)
    try {
      const synced = await syncAndClaim(syncing, held, options)
      failing.delete(id)
      return synced
    } catch (error) {
      const since = failing.get(id) ?? now()
      failing.set(id, since)
      return { registryId, error: known(error), since }
    }
  }

  return async (options, onTold) => {
    for (const held of await heldRegistries(home)) {
      const one = await told(held, options)
      if (options.signal?.aborted) return
      onTold(one)
    }
  }
}

/** What is no error of ours is told of too: the clock goes on. */
const known = (error: unknown): VouchError =>
  error instanceof VouchError
    ? error
    : new VouchError(
        'INTERNAL',
        { rule: 'the program met something that it did not expect' },
        { cause: error },
      )
