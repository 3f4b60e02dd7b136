import { readFile } from 'node:fs/promises'
import { writeWhole } from '@vouch/host/node'
import { REGISTRY_DEPTH } from '@vouch/protocol'
import {
  boundedBytes,
  type Codec,
  decode,
  encode,
  fixedBytes,
  record,
  uint,
  version,
} from '@vouch/protocol/codec'
import { frameBytes, NO_HASH, readFrame } from '@vouch/protocol/registrar-folder'
import type { Position } from './record-log.js'

/** Up to which records of both logs the index has everything, on the disk. */
export interface Checkpoint {
  readonly version: 1
  readonly registryId: Uint8Array
  readonly log: Position
  readonly evidence: Position
  readonly size: number
  readonly heads: number
  /** The nodes that further insertions read, 32 bytes each: here rot would show, in the nodes' own file it would not. */
  readonly edge: Uint8Array
  /** Machines that are refused, 32 bytes each: here, and not in a file of rows, because a ban must not rot away unnoticed. */
  readonly refused: Uint8Array
}

/** Most machines that are refused at one time: as many as half a record holds. */
export const MAX_REFUSED = 2 ** 14

const FRAME_TYPE = 32
const MAX = Number.MAX_SAFE_INTEGER

const positionCodec: Codec<Position> = record<Position>({
  offset: uint(8, { max: MAX }),
  hash: fixedBytes(32),
})
const checkpointCodec: Codec<Checkpoint> = record<Checkpoint>({
  version: version(1),
  registryId: fixedBytes(32),
  log: positionCodec,
  evidence: positionCodec,
  size: uint(4, { max: 2 ** REGISTRY_DEPTH }),
  heads: uint(8, { max: MAX }),
  edge: boundedBytes(0, 32 * REGISTRY_DEPTH),
  refused: boundedBytes(0, 32 * MAX_REFUSED),
})

/** The checkpoint, if there is one that can be read. Without it the index is made anew, so nothing depends on it. */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  try {
    const frame = readFrame(new Uint8Array(await readFile(path)))
    return frame && decode(checkpointCodec, frame.body, 'checkpoint')
  } catch {
    return undefined
  }
}

export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const body = encode(checkpointCodec, checkpoint, 'checkpoint')
  await writeWhole(path, frameBytes(FRAME_TYPE, NO_HASH, body), 0o600)
}
