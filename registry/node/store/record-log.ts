import { concat, equalBytes, VouchError } from '@vouch/protocol'
import {
  type EvidencePointer,
  FRAME_OVERHEAD,
  type Frame,
  frameBytes,
  frameLength,
  HASH_BYTES,
  isUnfinished,
  LENGTH_BYTES,
  NO_HASH,
  readFrame,
} from '@vouch/protocol/registrar-folder'
import { type DataFile, storageFailed } from './disk.js'

/** Behind which record of a log: its end, and its hash. */
export interface Position {
  readonly offset: number
  readonly hash: Uint8Array
}

export const LOG_START: Position = { offset: 0, hash: NO_HASH }

export interface RecordDraft {
  readonly type: number
  readonly body: Uint8Array
}

/** A record that was read, and where it starts. */
export interface Placed extends Frame {
  readonly offset: number
}

export interface LogParts {
  readonly file: DataFile
  readonly name: string
  /** Asked before every write: throws when this process is the one writer no more. */
  readonly assertWriter: () => Promise<void>
}

const CHUNK = 2 ** 20

/** An append-only file of records, each chained to the one before it by its hash. */
export class RecordLog {
  private end: Position
  private broken = false
  private readonly file: DataFile
  private readonly name: string
  private readonly assertWriter: () => Promise<void>

  private constructor({ file, name, assertWriter }: LogParts, end: Position) {
    this.file = file
    this.name = name
    this.assertWriter = assertWriter
    this.end = end
  }

  /**
   * Opens a log to write to, behind a record that is known: hands over what follows, and cuts off a record that a crash left
   * unfinished, for it was never acknowledged. Anything else that does not fit is refused.
   */
  static async open(
    parts: LogParts,
    from: Position,
    take: (record: Placed) => Promise<void> | void = () => undefined,
  ): Promise<RecordLog> {
    const { file } = parts
    const log = await RecordLog.read(parts, from, take)
    if ((await file.size()) > log.end.offset) await file.truncate(log.end.offset)
    // What was read may never have been synced by whoever was killed, and others are now told that it is there.
    if (log.end.offset > from.offset) await file.sync()
    return log
  }

  /** The same to read only: what is unfinished at the end may be what another process is writing, and stays as it is. */
  static async read(
    parts: LogParts,
    from: Position,
    take: (record: Placed) => Promise<void> | void = () => undefined,
  ): Promise<RecordLog> {
    const log = new RecordLog(parts, from)
    await log.checkKnown(from)
    for await (const record of log.recordsFrom(from)) {
      await take(record)
      log.end = { offset: record.offset + FRAME_OVERHEAD + record.body.length, hash: record.hash }
    }
    return log
  }

  /** Whether what the disk holds is unknown since a write failed: nothing is appended before the log is read anew. */
  get isBroken(): boolean {
    return this.broken
  }

  get position(): Position {
    return this.end
  }

  /** Appends records, durably: all of them once it returns, and says where each starts. After an error none of them counts. */
  async append(drafts: readonly RecordDraft[]): Promise<readonly EvidencePointer[]> {
    await this.assertAppendable()
    const frames: Uint8Array[] = []
    const starts: EvidencePointer[] = []
    let { offset, hash } = this.end
    for (const { type, body } of drafts) {
      const frame = frameBytes(type, hash, body)
      hash = frame.slice(-HASH_BYTES)
      starts.push({ offset, hash })
      offset += frame.length
      frames.push(frame)
    }
    await this.write(concat(...frames))
    this.end = { offset, hash }
    return starts
  }

  /** Refuses when nothing can be appended: a write failed before, or another process writes. */
  async assertAppendable(): Promise<void> {
    if (this.broken) throw this.mustReopen()
    await this.assertWriter()
    await this.assertAlone()
  }

  /** All records from a position up to where the log now ends. */
  async *records(from: Position = LOG_START): AsyncGenerator<Placed> {
    await this.checkKnown(from)
    for await (const record of this.recordsFrom(from, this.end.offset)) yield record
  }

  /** The one record that starts there and has this hash. */
  async at({ offset, hash }: EvidencePointer): Promise<Frame> {
    const length = frameLength(await this.file.read(offset, LENGTH_BYTES))
    const frame = length === undefined ? undefined : readFrame(await this.file.read(offset, length))
    if (frame === undefined || !equalBytes(frame.hash, hash)) throw this.corrupt(offset)
    return frame
  }

  close(): Promise<void> {
    return this.file.close()
  }

  /**
   * The last barrier before two writers overwrite one another's records, whatever became of the lock between them: on a file system
   * shared by two machines, say, that promises more than it keeps.
   */
  private async assertAlone(): Promise<void> {
    const size = await this.file.size()
    if (size === this.end.offset) return
    throw new VouchError('LOCKED', {
      rule: `${this.name} must end where this process left it`,
      given: `${size} bytes, and not ${this.end.offset}`,
      hint: 'another process has written to it: end both, then open the registry again',
    })
  }

  private async write(bytes: Uint8Array): Promise<void> {
    try {
      await this.file.write(this.end.offset, bytes)
    } catch (error) {
      await this.takeBack()
      throw storageFailed(error, 'make room, then try again: nothing was admitted')
    }
    try {
      await this.file.sync()
    } catch (error) {
      // What a failed sync left on the disk, nobody can say: only reading it anew tells.
      this.broken = true
      throw storageFailed(error, 'check the disk, then open the registry again')
    }
  }

  /** Without this, the next record would follow half of one. */
  private async takeBack(): Promise<void> {
    try {
      await this.file.truncate(this.end.offset)
    } catch {
      this.broken = true
    }
  }

  private async *recordsFrom(from: Position, until = Number.POSITIVE_INFINITY): AsyncGenerator<Placed> {
    let { offset, hash } = from
    let chunk: Uint8Array = new Uint8Array()
    let chunkAt = offset
    const bytes = async (length: number): Promise<Uint8Array> => {
      const start = offset - chunkAt
      if (start + length <= chunk.length) return chunk.subarray(start, start + length)
      chunk = await this.file.read(offset, Math.max(CHUNK, length))
      chunkAt = offset
      return chunk.subarray(0, length)
    }
    while (offset < until) {
      const start = await bytes(LENGTH_BYTES)
      if (start.length < LENGTH_BYTES) return // cut short, or the end
      const length = frameLength(start) ?? LENGTH_BYTES
      const whole = await bytes(length)
      if (whole.length < length) return
      const frame = readFrame(whole)
      if (frame === undefined && isUnfinished(whole) && (await this.isZeroFrom(offset + length))) return
      if (frame === undefined || !equalBytes(frame.previous, hash)) throw this.corrupt(offset)
      yield { ...frame, offset }
      offset += length
      hash = frame.hash
    }
  }

  private async checkKnown({ offset, hash }: Position): Promise<void> {
    if (offset === 0) return
    const there = await this.file.read(offset - HASH_BYTES, HASH_BYTES)
    if (!equalBytes(there, hash)) throw this.corrupt(offset)
  }

  private async isZeroFrom(offset: number): Promise<boolean> {
    for (let at = offset; ; at += CHUNK) {
      const bytes = await this.file.read(at, CHUNK)
      if (bytes.some((byte) => byte !== 0)) return false
      if (bytes.length < CHUNK) return true
    }
  }

  private corrupt(offset: number): VouchError {
    return new VouchError('LOG_CORRUPT', {
      rule: `${this.name} must hold what was written to it`,
      given: `something else at offset ${offset}`,
      hint: 'leave it as it is, and see "When the log is damaged" in docs/operators.md',
    })
  }

  private mustReopen(): VouchError {
    return new VouchError('STORAGE_FAILED', {
      rule: `after a failed write ${this.name} must be read anew`,
      hint: 'check the disk, then open the registry again',
    })
  }
}
