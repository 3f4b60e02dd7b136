import { randomInt } from 'node:crypto'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  concat,
  equalBytes,
  fieldToBytes,
  fromHex,
  type Hasher,
  type Head,
  headCodec,
  REGISTRY_DEPTH,
  toHex,
  toInteger,
} from '@vouch/protocol'
import { decode, encode } from '@vouch/protocol/codec'
import { KeyedIndex } from '../../src/keyed-index.js'
import { decodeMember, encodeMember, MEMBER_BYTES, type Member, ROW } from '../../src/member.js'
import {
  edgePlaces,
  isPathSound,
  type NodeReader,
  nodeOr,
  setLeaves,
  type TreeChange,
} from '../../src/tree.js'
import { BlockFile } from './block-file.js'
import { type Checkpoint, readCheckpoint, writeCheckpoint } from './checkpoint.js'
import type { Position } from './record-log.js'

const CAPACITY = 2 ** REGISTRY_DEPTH
const HEAD_BYTES = 218
const SCAN_ROWS = 8192
/** Changes that may wait in memory while a whole log is replayed. */
const MAX_WAITING = 2 ** 16

/**
 * What answers quickly: nodes of the tree, members and heads, each in a file of its own and found by number. All of it
 * follows from the log, and is made anew from there when it is missing.
 */
export class IndexFiles implements NodeReader {
  private readonly byCredential = new KeyedIndex(CAPACITY, randomInt(2 ** 32))
  private readonly byMachine = new KeyedIndex(CAPACITY, randomInt(2 ** 32))
  private readonly folder: string
  private readonly nodes: BlockFile
  private readonly memberFile: BlockFile
  private readonly heads: BlockFile
  private readonly refused = new Set<string>()
  private memberCount = 0
  private headCount = 0

  private constructor(folder: string, nodes: BlockFile, memberFile: BlockFile, heads: BlockFile) {
    this.folder = folder
    this.nodes = nodes
    this.memberFile = memberFile
    this.heads = heads
  }

  /** Opens the index, and says up to where it has the log. Without that, or when told so, it starts empty. */
  static async open(
    folder: string,
    { anew }: { readonly anew: boolean },
  ): Promise<{ readonly index: IndexFiles; readonly checkpoint: Checkpoint | undefined }> {
    const checkpoint = anew ? undefined : await readCheckpoint(join(folder, 'checkpoint'))
    if (checkpoint === undefined) await rm(folder, { recursive: true, force: true })
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const index = await IndexFiles.over(folder, BlockFile.open)
    if (checkpoint !== undefined) index.load(checkpoint)
    return { index, checkpoint }
  }

  /** Opens the index that is there, for reading alone; what it is told of the log since its checkpoint stays in memory. */
  static async read(
    folder: string,
  ): Promise<{ readonly index: IndexFiles; readonly checkpoint: Checkpoint } | undefined> {
    const checkpoint = await readCheckpoint(join(folder, 'checkpoint'))
    if (checkpoint === undefined) return undefined
    const index = await IndexFiles.over(folder, BlockFile.read)
    index.load(checkpoint)
    return { index, checkpoint }
  }

  private static async over(folder: string, open: typeof BlockFile.open): Promise<IndexFiles> {
    const file = (name: string, bytes: number) => open(join(folder, name), bytes)
    return new IndexFiles(
      folder,
      await file('nodes', 32),
      await file('members', MEMBER_BYTES),
      await file('heads', HEAD_BYTES),
    )
  }

  get size(): number {
    return this.memberCount
  }

  get root(): bigint {
    return toInteger(nodeOr(this, REGISTRY_DEPTH, 0))
  }

  get newestHead(): Head | undefined {
    return this.headCount === 0 ? undefined : this.head(this.headCount - 1)
  }

  head(seq: number): Head {
    return decode(headCodec, this.heads.read(seq), 'head')
  }

  addHead(head: Head): void {
    this.heads.write(this.headCount++, encode(headCodec, head, 'head'))
  }

  member(index: number): Member {
    return decodeMember(this.memberFile.read(index))
  }

  /** Members in a row. */
  members(from: number, count: number): readonly Member[] {
    const rows = this.memberFile.readMany(from, count)
    return Array.from({ length: count }, (_, i) =>
      decodeMember(rows.subarray(i * MEMBER_BYTES, (i + 1) * MEMBER_BYTES)),
    )
  }

  addMember(member: Member): void {
    const row = encodeMember(member)
    this.memberFile.write(this.memberCount, row)
    this.enter(row, 0, this.memberCount++)
  }

  /** Marks a member as removed. */
  remove(index: number): void {
    this.memberFile.write(index, encodeMember({ ...this.member(index), removed: true }))
  }

  /** The one member with this credential, removed or not. */
  find(credential: bigint): number | undefined {
    const key = fieldToBytes(credential, 'credential')
    for (const index of this.byCredential.candidates(key)) {
      if (this.member(index).credential === credential) return index
    }
    return undefined
  }

  /** All members that this machine ever had, and where they are. */
  *membersOf(machine: Uint8Array): Generator<Member & { readonly index: number }> {
    for (const index of this.byMachine.candidates(machine)) {
      const member = this.member(index)
      if (member.machine !== undefined && equalBytes(member.machine, machine)) yield { ...member, index }
    }
  }

  refuse(machine: Uint8Array): void {
    this.refused.add(toHex(machine))
  }

  readmit(machine: Uint8Array): void {
    this.refused.delete(toHex(machine))
  }

  isRefused(machine: Uint8Array): boolean {
    return this.refused.has(toHex(machine))
  }

  get refusedMachines(): readonly Uint8Array[] {
    return [...this.refused].map((machine) => fromHex(machine))
  }

  /** Leaves in a row, 32 bytes each. */
  leaves(from: number, count: number): Uint8Array {
    return this.nodes.readMany(from, count)
  }

  node(height: number, index: number): Uint8Array | undefined {
    const node = this.nodes.read(blockOf(height, index))
    return height > 0 && node.every((byte) => byte === 0) ? undefined : node
  }

  /** What setting leaves would change: read and computed before anything is written, applied after. */
  plan(hash: Hasher, leaves: ReadonlyMap<number, Uint8Array>): TreeChange {
    return setLeaves(this, hash, leaves)
  }

  isPathSound(hash: Hasher, index: number): boolean {
    return isPathSound(this, hash, index)
  }

  apply({ changes }: TreeChange): void {
    for (const { height, index, node } of changes) this.nodes.write(blockOf(height, index), node)
  }

  /** Puts changes on the disk when too many wait. Not durably: while a log is replayed, a crash starts again. */
  async spill(): Promise<void> {
    if (this.nodes.waiting < MAX_WAITING) return
    for (const file of [this.nodes, this.memberFile, this.heads]) await file.flush({ durably: false })
  }

  /** Puts everything on the disk, then says so. In this order: a checkpoint never speaks of what is not there. */
  async checkpoint(registryId: Uint8Array, log: Position, evidence: Position): Promise<void> {
    for (const file of [this.nodes, this.memberFile, this.heads]) await file.flush({ durably: true })
    const { memberCount: size, headCount: heads } = this
    const edge = concat(...edgePlaces(size).map(({ height, index }) => nodeOr(this, height, index)))
    await writeCheckpoint(join(this.folder, 'checkpoint'), {
      version: 1,
      registryId,
      log,
      evidence,
      size,
      heads,
      edge,
      refused: concat(...this.refusedMachines),
    })
  }

  async close(): Promise<void> {
    for (const file of [this.nodes, this.memberFile, this.heads]) await file.close()
  }

  private load({ size, heads, edge, refused }: Checkpoint): void {
    for (let at = 0; at < refused.length; at += 32) this.refuse(refused.subarray(at, at + 32))
    for (const [i, { height, index }] of edgePlaces(size).entries())
      this.nodes.write(blockOf(height, index), edge.slice(32 * i, 32 * i + 32))
    this.headCount = heads
    for (let from = 0; from < size; from += SCAN_ROWS) {
      const count = Math.min(SCAN_ROWS, size - from)
      const rows = this.memberFile.readMany(from, count)
      for (let i = 0; i < count; i++) this.enter(rows, i * MEMBER_BYTES, from + i)
    }
    this.memberCount = size
  }

  private enter(rows: Uint8Array, at: number, index: number): void {
    this.byCredential.add(rows, index, at + ROW.credential)
    if (rows[at + ROW.hasMachine] === 1) this.byMachine.add(rows, index, at + ROW.machine)
  }
}

/** Nodes lie layer by layer, leaves first. */
function blockOf(height: number, index: number): number {
  return 2 * CAPACITY - 2 ** (REGISTRY_DEPTH + 1 - height) + index
}
