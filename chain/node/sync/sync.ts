import {
  BUCKET_LEAVES,
  type Cursor,
  changeBytes,
  changesIn,
  concat,
  emptySubtree,
  equalBytes,
  evmRegistryId,
  fieldToBytes,
  type Hasher,
  type Head,
  type LeafContent,
  leavesInBucket,
  parseBucket,
  REGISTRY_DEPTH,
  rootOfBuckets,
  rootsIn,
  slowHasher,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { type Mirror, type RegistrySource, UNSIGNED } from '@vouch/registry'
import { openMirror } from '@vouch/registry/node'
import type { Address, Hex } from 'viem'
import { type Chain, isDevelopmentChain } from '../client/client.js'
import { forgetCursor, readCursor, writeCursor } from './cursor-file.js'
import { type Block, blockAt, bytesOf, eventSpans, stateAt } from './events.js'
import { ChainLeaves, contradiction } from './leaves.js'

export interface ChainSyncParameters {
  readonly chain: Chain
  readonly registry: Address
  /** Where the copy is kept, in the form of a published registry. */
  readonly folder: string
  /** The block that has the registry's contract, or one before it. */
  readonly from?: number
  /** How many blocks deep a block must lie to be read. */
  readonly confirmations?: number
  /** Most blocks whose events are asked for at once. */
  readonly span?: number
  readonly hash?: Hasher
  readonly onProgress?: (block: number, of: number) => void
  /** The chain took back what was read before: the copy is made anew. */
  readonly onReorganised?: () => void
}

export interface ChainSynced {
  readonly head: Head
  readonly mirror: Mirror
  readonly source: RegistrySource
}

const CONFIRMATIONS = 12
const ATTEMPTS = 4

/** How a registry on chain is known. */
export const registryIdOf = (chain: Pick<Chain, 'id'>, registry: Address): Uint8Array =>
  evmRegistryId(BigInt(chain.id), bytesOf(registry as Hex))

/**
 * Brings a copy of a registry up to the chain: events to leaves, leaves to a root, and that held against the contract's own.
 * What was read before an interruption is kept, and not read again unless the chain took it back.
 */
export async function syncChain(parameters: ChainSyncParameters): Promise<ChainSynced> {
  const mirror = await openMirror(parameters.folder)
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const head = await syncOnce(parameters, mirror)
      if (head !== undefined) return { head, mirror, source: sourceOf(mirror) }
    }
  } catch (error) {
    // What a server said that has now contradicted itself is worth nothing either.
    if (error instanceof VouchError && error.code === 'RPC_FALSE') await forgetCursor(parameters.folder)
    throw error
  }
  throw new VouchError('REORGANISED', {
    rule: 'the chain must stand still while it is read',
    given: `${ATTEMPTS} times it did not`,
    hint: 'run this again, with more --confirmations',
  })
}

/** The new head, or nothing when the chain took back a block meanwhile. */
async function syncOnce(parameters: ChainSyncParameters, mirror: Mirror): Promise<Head | undefined> {
  const { chain, registry, from = 0, span, hash = slowHasher, onProgress } = parameters
  const confirmations = parameters.confirmations ?? (isDevelopmentChain(chain) ? 0 : CONFIRMATIONS)
  const newest = await blockAt(chain)
  const known = await knownCopy(parameters, mirror)
  if (known !== undefined && newest.number < known.cursor.block) throw serverBehind(newest, known.cursor)
  const isKept = known !== undefined && (await isCanonical(chain, known.cursor))
  if (known !== undefined && !isKept) parameters.onReorganised?.()
  const leaves = isKept ? known.leaves : emptyLeaves(hash)
  const next = isKept ? known.cursor.block + 1 : from
  const tip = Math.max(newest.number - confirmations, isKept ? known.cursor.block : from)
  let head = isKept ? known.head : undefined
  for await (const { events, end } of eventSpans(chain, registry, { from: next, to: tip, most: span })) {
    for (const event of events) leaves.take(event)
    leaves.assertSound()
    if (end.number === tip) await assertChainsRoot(parameters, leaves, end)
    if (!(await isCanonical(chain, { block: end.number, blockHash: end.hash }))) return undefined
    head = await keep(parameters, mirror, leaves, end)
    onProgress?.(end.number, tip)
  }
  return head
}

/** Refuses leaves that the contract has not: a server that leaves out all since some time tells a story without a gap. */
async function assertChainsRoot(
  { chain, registry }: ChainSyncParameters,
  leaves: ChainLeaves,
  end: Block,
): Promise<void> {
  const { root, size } = await stateAt(chain, registry, end.number)
  if (root === leaves.root && size === leaves.size) return
  // Of a block that was taken back meanwhile it says nothing: the caller looks at that next.
  if (!(await isCanonical(chain, { block: end.number, blockHash: end.hash }))) return
  throw contradiction(
    "the contract's root must be the one that the events lead to",
    toHex(fieldToBytes(root)),
  )
}

/** Keeps what was read. The cursor comes last but one: where the head does not fit it, all is read anew. */
async function keep(
  { chain, registry, folder }: ChainSyncParameters,
  mirror: Mirror,
  leaves: ChainLeaves,
  end: Block,
): Promise<Head> {
  const roots = concat(...leaves.bucketRoots())
  for (const number of leaves.takeChanged()) await mirror.keepBucket(number, leaves.bucket(number))
  const { root, previousRoot, size, epoch } = leaves
  const head: Head = {
    version: 1,
    registryId: registryIdOf(chain, registry),
    seq: end.number,
    size,
    root,
    previousRoot,
    time: end.time,
    ...UNSIGNED,
  }
  await writeCursor(folder, {
    version: 1,
    chainId: chain.id,
    registry: bytesOf(registry as Hex),
    block: end.number,
    blockHash: end.hash,
    epoch,
  })
  const changes = changeBytes(leaves.changes)
  await mirror.keepHead(head, { version: 2, seq: end.number, size, roots, changes })
  return head
}

interface Known {
  readonly cursor: Cursor
  readonly head: Head
  readonly leaves: ChainLeaves
}

/** What an earlier run kept, if all of it fits together: a crash may have left half of a later step. */
async function knownCopy(parameters: ChainSyncParameters, mirror: Mirror): Promise<Known | undefined> {
  const { chain, registry, folder, hash = slowHasher } = parameters
  const cursor = await readCursor(folder)
  const [head, index] = [await mirror.head(), await mirror.index()]
  if (head !== undefined && !equalBytes(head.registryId, registryIdOf(chain, registry))) {
    throw new VouchError('REGISTRY_NOT_ACCEPTED', {
      rule: 'the folder must hold a copy of this registry, on this chain, or nothing',
      given: toHex(head.registryId),
    })
  }
  if (cursor === undefined || head === undefined || index === undefined) return undefined
  if (head.seq !== cursor.block || index.seq !== head.seq || index.size !== head.size) return undefined
  const kept: (LeafContent | undefined)[] = []
  for (const number of rootsIn(index).keys()) {
    const bytes = (await mirror.bucket(number)) ?? new Uint8Array()
    const places = parseBucket(bytes).slice(0, leavesInBucket(number, head.size))
    for (const [i, place] of places.entries()) kept[number * BUCKET_LEAVES + i] = place
  }
  if (kept.length !== head.size) return undefined
  const { root, previousRoot } = head
  const { epoch } = cursor
  const leaves = new ChainLeaves(hash, { leaves: kept, root, previousRoot, epoch, changes: changesIn(index) })
  const isSound = equalBytes(rootOfBuckets(hash, leaves.bucketRoots()), fieldToBytes(root))
  if (!isSound) return undefined
  leaves.takeChanged()
  return { cursor, head, leaves }
}

const emptyLeaves = (hash: Hasher): ChainLeaves =>
  new ChainLeaves(hash, {
    leaves: [],
    root: emptySubtree(REGISTRY_DEPTH),
    previousRoot: 0n,
    epoch: 0,
    changes: [],
  })

async function isCanonical(
  chain: Chain,
  { block, blockHash }: Pick<Cursor, 'block' | 'blockHash'>,
): Promise<boolean> {
  return equalBytes((await blockAt(chain, block)).hash, blockHash)
}

/** The copy as a source: what its holder read from the chain, and checked. Nobody signs such heads. */
const sourceOf = (mirror: Mirror): RegistrySource => ({
  isChain: true,
  head: async () => (await mirror.head()) ?? unsynced(),
  index: async () => (await mirror.index()) ?? unsynced(),
  bucket: async (number) => (await mirror.bucket(number)) ?? unsynced(),
})

function unsynced(): never {
  throw new VouchError('HEAD_MISSING', { rule: 'the registry must have been synced' })
}

function serverBehind(newest: Block, cursor: Cursor): VouchError {
  return new VouchError('HEAD_TOO_OLD', {
    rule: 'the RPC server must not be behind what was read before',
    given: `block ${newest.number} after ${cursor.block}`,
    hint: 'the server is behind, or hides what came since: name another',
  })
}
