import { type FileHandle, open } from 'node:fs/promises'
import { equalBytes, VouchError } from '@vouch/protocol'
import {
  FRAME_OVERHEAD,
  type Frame,
  frameLength,
  isUnfinished,
  LENGTH_BYTES,
  MAX_BODY,
  NO_HASH,
  readFrame,
} from './frame.js'

// Logs as earlier releases wrote them: files of records, each with the hash of the one before it.

/** The records of a log in order. What a crash cut short at its end was never acknowledged, and is left out. */
export async function* framesOf(path: string): AsyncGenerator<Frame> {
  const file = await open(path, 'r')
  try {
    let previous: Uint8Array = NO_HASH
    for (let at = 0; ; ) {
      const whole = await frameAt(file, at)
      if (whole.length === 0) return
      const frame = readFrame(whole)
      if (frame === undefined && isUnfinished(whole) && (await isZeroFrom(file, at + whole.length))) return
      if (frame === undefined || !equalBytes(frame.previous, previous)) throw damaged(path, at)
      yield frame
      previous = frame.hash
      at += whole.length
    }
  } finally {
    await file.close()
  }
}

/** The one record that starts there and has this hash. */
export async function frameWith(
  file: FileHandle,
  path: string,
  { offset, hash }: { readonly offset: number; readonly hash: Uint8Array },
): Promise<Frame> {
  const frame = readFrame(await frameAt(file, offset))
  if (frame === undefined || !equalBytes(frame.hash, hash)) throw damaged(path, offset)
  return frame
}

/** The bytes of the frame that starts there; none where the file ends before its length, or before its end. */
async function frameAt(file: FileHandle, at: number): Promise<Uint8Array> {
  const start = await read(file, at, LENGTH_BYTES)
  if (start.length < LENGTH_BYTES) return new Uint8Array()
  const length = frameLength(start) ?? LENGTH_BYTES
  const whole = await read(file, at, length)
  return whole.length < length ? new Uint8Array() : whole
}

async function isZeroFrom(file: FileHandle, offset: number): Promise<boolean> {
  const step = MAX_BODY + FRAME_OVERHEAD
  for (let at = offset; ; at += step) {
    const bytes = await read(file, at, step)
    if (bytes.some((byte) => byte !== 0)) return false
    if (bytes.length < step) return true
  }
}

async function read(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await file.read(new Uint8Array(length), 0, length, at)
  return buffer.subarray(0, bytesRead)
}

function damaged(path: string, offset: number): VouchError {
  return new VouchError('LOG_CORRUPT', {
    rule: `${path} does not hold what was written to it`,
    given: `something else at offset ${offset}`,
    hint: 'restore the folder from a backup, and import that',
  })
}
