import { open, stat } from 'node:fs/promises'
import { Turns } from '../../src/turns.js'
import { renameDurably } from './files.js'

export interface LineOptions {
  /** Past this, the file makes room: one older file is kept. */
  readonly maxBytes: number
  /** Whether lines that the disk refuses are kept in memory until it takes them. */
  readonly keeps: boolean
  /** Told of every line that could not be written. */
  readonly onFailure: (error: unknown) => void
  readonly retryMs?: number
}

const RETRY_MS = 10_000
/** Most lines that wait for a disk. */
const MAX_WAITING = 4096

/** A file that lines are appended to, one after another, for its owner alone. It never grows beyond its bound. */
export class LineFile {
  private readonly path: string
  private readonly options: LineOptions
  private waiting: string[] = []
  private readonly turns = new Turns()
  private retry: NodeJS.Timeout | undefined

  constructor(path: string, options: LineOptions) {
    this.path = path
    this.options = options
  }

  /** Writes one line, behind those that wait. Answers whether the disk has it. */
  append(line: string): Promise<boolean> {
    return this.turns.take(async () => {
      this.waiting.push(`${line}\n`)
      try {
        await this.flush()
        return true
      } catch (error) {
        this.options.onFailure(error)
        this.waiting = this.options.keeps ? this.waiting.slice(-MAX_WAITING) : []
        this.tryAgainLater()
        return false
      }
    })
  }

  close(): Promise<void> {
    clearTimeout(this.retry)
    return this.turns.take(() => this.flush().catch(() => undefined))
  }

  private tryAgainLater(): void {
    if (this.waiting.length === 0) return
    clearTimeout(this.retry)
    const again = (): Promise<void> => this.turns.take(() => this.flush().catch(() => this.tryAgainLater()))
    this.retry = setTimeout(() => void again(), this.options.retryMs ?? RETRY_MS).unref()
  }

  /** Writes what waits, whole or not at all: half a line would spoil the next one. */
  private async flush(): Promise<void> {
    if (this.waiting.length === 0) return
    const lines = this.waiting.join('')
    const size = await stat(this.path).then(
      (info) => info.size,
      () => 0,
    )
    if (size > 0 && size + lines.length > this.options.maxBytes)
      await renameDurably(this.path, `${this.path}.1`)
    const file = await open(this.path, 'a', 0o600)
    try {
      const { size: before } = await file.stat()
      await file.writeFile(lines).catch(async (error: unknown) => {
        await file.truncate(before).catch(() => undefined)
        throw error
      })
    } finally {
      await file.close()
    }
    this.waiting = []
  }
}
