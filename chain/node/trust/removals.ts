import { equalBytes } from '@vouch/protocol'
import type { Registry } from '@vouch/registry'
import type { Address } from 'viem'
import type { Chain } from '../client/client.js'
import { readCursor, writeCursor } from '../sync/cursor-file.js'
import { blockAt, bytesOf, eventSpans } from '../sync/events.js'
import type { RegistryEvent } from '../sync/leaves.js'

/** Blocks that are read again: a chain may put a removal into another block than it said at first. */
const DEPTH = 12

/**
 * Removals that a quorum decided, carried out in the node's own log: for cause, the machine is refused from then on. Whoever
 * was admitted by a quorum is known to enough nodes that no quorum is left to admit the machine again.
 */
export class ChainRemovals {
  private readonly chain: Chain
  private readonly registry: Address
  private readonly store: Registry
  private readonly folder: string
  private running: Promise<void> | undefined
  private seen: Uint8Array | undefined

  constructor(chain: Chain, registry: Address, store: Registry, folder: string) {
    this.chain = chain
    this.registry = registry
    this.store = store
    this.folder = folder
  }

  /** Carries out what the chain has since the last time. */
  follow(): Promise<void> {
    this.running ??= this.followOn().finally(() => {
      this.running = undefined
    })
    return this.running
  }

  private async followOn(): Promise<void> {
    const { chain, registry, store, folder } = this
    const newest = await blockAt(chain)
    if (this.seen !== undefined && equalBytes(this.seen, newest.hash)) return
    const cursor = await readCursor(folder)
    // A node that has signed for nobody has nobody to remove.
    const from =
      cursor === undefined
        ? (await store.counts()).admitted === 0
          ? newest.number
          : 0
        : cursor.block - DEPTH
    for await (const { events, end } of eventSpans(chain, registry, {
      from: Math.max(0, from),
      to: newest.number,
    })) {
      for (const event of events) await this.take(event)
      this.seen = end.hash
      await writeCursor(folder, {
        version: 1,
        chainId: chain.id,
        registry: bytesOf(registry),
        block: end.number,
        blockHash: end.hash,
        epoch: 0,
      })
    }
  }

  private async take(event: RegistryEvent): Promise<void> {
    if (event.kind !== 'removed') return
    const member = await this.store.find(event.credential)
    if (member === undefined || member.removed) return
    const why = 'a quorum removed it'
    if (event.forCause && member.machine !== undefined)
      await this.store.ban(member.machine, `${why} for cause`)
    else await this.store.remove(event.credential, why)
  }
}
