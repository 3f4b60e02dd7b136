import { createHash } from 'node:crypto'
import { equalBytes } from '@vouch/protocol'

/**
 * One record of a log, as it lies in the file: length and its complement, type, hash of the record before, body, own hash.
 * The complement tells a record that a crash cut short from one whose length rotted: trusting such a length would end the
 * log there, and drop every admission behind it.
 */
export interface Frame {
  readonly type: number
  readonly previous: Uint8Array
  readonly body: Uint8Array
  readonly hash: Uint8Array
}

export const HASH_BYTES = 32
export const LENGTH_BYTES = 8
/** Longest body: evidence is the longest there is. */
export const MAX_BODY = 2 ** 20

/** Bytes of a frame around its body. */
export const FRAME_OVERHEAD = LENGTH_BYTES + 1 + 2 * HASH_BYTES

/** What the first record of a log names as the one before it. */
export const NO_HASH = new Uint8Array(HASH_BYTES)

/** Length of the whole frame that starts with these bytes; `undefined` when no frame starts so. */
export function frameLength(start: Uint8Array): number | undefined {
  const length = start.subarray(0, 4)
  if (start.length < LENGTH_BYTES || !equalBytes(complement(length), start.subarray(4, LENGTH_BYTES)))
    return undefined
  const size = new DataView(start.buffer, start.byteOffset).getUint32(0)
  return size > MAX_BODY ? undefined : FRAME_OVERHEAD + size
}

/** The frame that these bytes are, all of them; `undefined` when its hash is not theirs. */
export function readFrame(bytes: Uint8Array): Frame | undefined {
  const hash = bytes.slice(-HASH_BYTES)
  if (!equalBytes(sha256(bytes.subarray(0, -HASH_BYTES)), hash)) return undefined
  return {
    type: bytes[LENGTH_BYTES] ?? 0,
    previous: bytes.slice(LENGTH_BYTES + 1, LENGTH_BYTES + 1 + HASH_BYTES),
    body: bytes.slice(LENGTH_BYTES + 1 + HASH_BYTES, -HASH_BYTES),
    hash,
  }
}

/**
 * Whether a crash may have left these bytes, a frame's or its start alone, when nothing but zeros follows them in the file: it was made
 * longer first, and filled up to somewhere in here. As much of the hash as is there must be the content's: a record that was
 * acknowledged, and rotted since, is not to be taken for one that was never finished.
 */
export function isUnfinished(bytes: Uint8Array): boolean {
  let written = bytes.length
  while (written > 0 && bytes[written - 1] === 0) written--
  if (written === bytes.length) return false
  const content = bytes.length - HASH_BYTES
  if (bytes.length === LENGTH_BYTES || written <= content) return true
  const hash = sha256(bytes.subarray(0, content))
  return equalBytes(hash.subarray(0, written - content), bytes.subarray(content, written))
}

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

function complement(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte) => byte ^ 0xff)
}
