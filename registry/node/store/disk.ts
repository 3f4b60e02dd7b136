import { type FileHandle, open } from 'node:fs/promises'
import { VouchError } from '@vouch/protocol'

/** What the store asks of a file: the little that a test must be able to let fail. */
export interface DataFile {
  size(): Promise<number>
  /** Up to `length` bytes: fewer only where the file ends. */
  read(offset: number, length: number): Promise<Uint8Array>
  /** Writes all of it, or throws with any part of it written. */
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Returns when all that was written survives a power cut. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

export type OpenFile = (path: string) => Promise<DataFile>

/** Opens a file for reading and writing, made when it is not there, readable by its owner alone. */
export const openFile: OpenFile = async (path) => {
  const file = await open(path, 'a+', 0o600).then(async (made) => {
    await made.close()
    return open(path, 'r+')
  })
  return dataFile(file)
}

/** Opens a file that is there, for reading alone. */
export const openToRead: OpenFile = async (path) => dataFile(await open(path, 'r'))

function dataFile(file: FileHandle): DataFile {
  return {
    size: async () => (await file.stat()).size,
    read: async (offset, length) => {
      const buffer = new Uint8Array(length)
      let at = 0
      while (at < length) {
        const { bytesRead } = await file.read(buffer, at, length - at, offset + at)
        if (bytesRead === 0) break
        at += bytesRead
      }
      return buffer.subarray(0, at)
    },
    write: async (offset, bytes) => {
      let at = 0
      while (at < bytes.length)
        at += (await file.write(bytes, at, bytes.length - at, offset + at)).bytesWritten
    },
    sync: () => file.datasync(),
    truncate: (size) => file.truncate(size),
    close: () => file.close(),
  }
}

/** Says what the disk said, by its code alone: the rest of its message is of no use to a client. */
export function storageFailed(cause: unknown, hint: string): VouchError {
  if (cause instanceof VouchError) return cause
  const given = cause instanceof Error && 'code' in cause ? String(cause.code) : 'an unknown failure'
  return new VouchError(
    'STORAGE_FAILED',
    { rule: 'the disk must take what is written', given, hint },
    { cause },
  )
}

/** Does what needs the disk. What the system refuses is said in words; what is wrong otherwise is passed on as it is. */
export async function onDisk<Result>(work: () => Promise<Result>, hint: string): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof Error && 'syscall' in error ? storageFailed(error, hint) : error
  }
}
