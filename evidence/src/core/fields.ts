import { VouchError } from '@vouch/protocol'

/** Where something lies in a binary format. */
export interface Field {
  readonly offset: number
  readonly size: number
}

/** Reads and writes the fields of a table. */
export type Table = Readonly<Record<string, Field>>

/** A little-endian number. */
export function numberAt(bytes: Uint8Array, { offset, size }: Field): number {
  let value = 0
  for (let i = size - 1; i >= 0; i--) value = value * 256 + (bytes[offset + i] ?? 0)
  return value
}

export function bytesAt(bytes: Uint8Array, { offset, size }: Field): Uint8Array {
  return bytes.subarray(offset, offset + size)
}

/** A little-endian number in as many bytes as asked for. */
export function littleEndian(value: number, size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256)
}

/** Bytes with these fields, and zeros wherever there is none. */
export function assemble<T extends Table>(
  table: T,
  size: number,
  values: { readonly [Name in keyof T]: Uint8Array | number },
): Uint8Array {
  const bytes = new Uint8Array(size)
  for (const [name, { offset, size: width }] of Object.entries(table)) {
    const value = values[name] ?? 0
    const field = typeof value === 'number' ? littleEndian(value, width) : value
    if (field.length !== width)
      throw new VouchError('VALUE_MALFORMED', {
        rule: `${name} must have ${width} bytes`,
        given: `${field.length}`,
      })
    bytes.set(field, offset)
  }
  return bytes
}

/** Takes bytes from the front, one field after the other; each must be there. */
export class FieldCursor {
  private at = 0
  private readonly bytes: Uint8Array
  private readonly what: string

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes
    this.what = what
  }

  take(size: number, field: string): Uint8Array {
    const taken = this.bytes.subarray(this.at, this.at + size)
    if (taken.length === size) {
      this.at += size
      return taken
    }
    throw new VouchError('TRUNCATED', {
      rule: `${this.what} must hold its ${field}, ${size} bytes`,
      given: `${taken.length} bytes at offset ${this.at}`,
    })
  }

  number(size: 1 | 2 | 3 | 4, field: string): number {
    return numberAt(this.take(size, field), { offset: 0, size })
  }

  /** Bytes behind their length. */
  block(lengthSize: 1 | 2 | 4, field: string): Uint8Array {
    return this.take(this.number(lengthSize, `length of its ${field}`), field)
  }

  get offset(): number {
    return this.at
  }

  rest(): Uint8Array {
    return this.bytes.subarray(this.at)
  }

  end(): void {
    if (this.at === this.bytes.length) return
    throw new VouchError('TRAILING_BYTES', {
      rule: `${this.what} must end with its last field`,
      given: `${this.bytes.length - this.at} more bytes`,
    })
  }
}
