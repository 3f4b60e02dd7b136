import { VouchError } from '../errors.js'
import { concat, fromInteger, toInteger } from './bytes.js'

/** Reads a byte string from front to back; asks for every byte once, and for none that is not there. */
export class Reader {
  private at = 0
  private readonly bytes: Uint8Array
  private readonly what: string

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes
    this.what = what
  }

  take(length: number, field: string): Uint8Array {
    if (length > this.bytes.length - this.at) {
      throw new VouchError('TRUNCATED', {
        rule: `${this.what} must hold ${length} bytes of ${field} at offset ${this.at}`,
        given: `${this.bytes.length - this.at} bytes`,
      })
    }
    this.at += length
    return this.bytes.slice(this.at - length, this.at)
  }

  uint(size: 1 | 2 | 4 | 8, field: string): bigint {
    return toInteger(this.take(size, field))
  }

  /** All that is left. */
  rest(): Uint8Array {
    return this.take(this.bytes.length - this.at, 'rest')
  }

  end(): void {
    if (this.at < this.bytes.length) {
      throw new VouchError('TRAILING_BYTES', {
        rule: `${this.what} must end at offset ${this.at}`,
        given: `${this.bytes.length - this.at} more bytes`,
      })
    }
  }
}

/** Collects a byte string from front to back. */
export class Writer {
  private readonly parts: Uint8Array[] = []

  bytes(part: Uint8Array): void {
    this.parts.push(part)
  }

  uint(value: bigint | number, size: 1 | 2 | 4 | 8): void {
    this.parts.push(fromInteger(value, size))
  }

  finish(): Uint8Array {
    return concat(...this.parts)
  }
}
