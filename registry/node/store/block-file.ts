import { readSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Largest run of blocks that is written in one piece. */
const RUN_BYTES = 2 ** 20

/**
 * Blocks of one size by their number. What is written stays in memory until `flush`; what was never written reads as zeros.
 * Nothing here is the only copy of anything, so that a crash in the middle of a flush costs a replay and no more.
 */
export class BlockFile {
  private readonly file: FileHandle
  private readonly blockBytes: number
  private readonly changed = new Map<number, Uint8Array>()

  private constructor(file: FileHandle, blockBytes: number) {
    this.file = file
    this.blockBytes = blockBytes
  }

  static async open(path: string, blockBytes: number): Promise<BlockFile> {
    const made = await open(path, 'a', 0o600)
    await made.close()
    return new BlockFile(await open(path, 'r+'), blockBytes)
  }

  /** Opens a file that is there, for reading alone: what is written to it stays in memory. */
  static async read(path: string, blockBytes: number): Promise<BlockFile> {
    return new BlockFile(await open(path, 'r'), blockBytes)
  }

  /** Blocks that wait to be written. */
  get waiting(): number {
    return this.changed.size
  }

  read(number: number): Uint8Array {
    return this.changed.get(number) ?? this.readRun(number, 1)
  }

  /** So many blocks in a row. */
  readMany(number: number, count: number): Uint8Array {
    const run = this.readRun(number, count)
    if (this.changed.size === 0) return run
    for (let i = 0; i < count; i++) {
      const changed = this.changed.get(number + i)
      if (changed !== undefined) run.set(changed, i * this.blockBytes)
    }
    return run
  }

  write(number: number, block: Uint8Array): void {
    this.changed.set(number, block)
  }

  /** Writes what waits. It waits no longer only once all of it is written, so a flush that failed can be done again. */
  async flush({ durably }: { readonly durably: boolean }): Promise<void> {
    for (const { at, blocks } of this.runs()) {
      const bytes = new Uint8Array(blocks.length * this.blockBytes)
      for (const [i, block] of blocks.entries()) bytes.set(block, i * this.blockBytes)
      await writeAll(this.file, at * this.blockBytes, bytes)
    }
    if (durably) await this.file.datasync()
    this.changed.clear()
  }

  close(): Promise<void> {
    return this.file.close()
  }

  private readRun(number: number, count: number): Uint8Array {
    const run = new Uint8Array(count * this.blockBytes)
    let at = 0
    while (at < run.length) {
      const read = readSync(this.file.fd, run, at, run.length - at, number * this.blockBytes + at)
      if (read === 0) break
      at += read
    }
    return run
  }

  /** The waiting blocks in order, neighbours together. */
  private *runs(): Generator<{ readonly at: number; readonly blocks: readonly Uint8Array[] }> {
    const numbers = Float64Array.from(this.changed.keys()).sort()
    let at = -1
    let blocks: Uint8Array[] = []
    for (const number of numbers) {
      if (number !== at + blocks.length || blocks.length * this.blockBytes >= RUN_BYTES) {
        if (blocks.length > 0) yield { at, blocks }
        at = number
        blocks = []
      }
      blocks.push(this.changed.get(number) ?? new Uint8Array(this.blockBytes))
    }
    if (blocks.length > 0) yield { at, blocks }
  }
}

async function writeAll(file: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  let at = 0
  while (at < bytes.length) at += (await file.write(bytes, at, bytes.length - at, offset + at)).bytesWritten
}
