import { toHex, VouchError } from '@vouch/protocol'

/** A field of a file: named as its vendor names it, where it lies, what stands there, and what that means. */
export interface ExplainedField {
  readonly name: string
  /** Absent where a format has values, and no places for them. */
  readonly offset?: number
  readonly size?: number
  /** Bytes in hexadecimal, or what a format writes in words. */
  readonly value: string
  readonly meaning?: string
}

/** What a field's bytes mean, in words; nothing where they speak for themselves. */
export type Meaning = (bytes: Uint8Array) => string | undefined

interface Place {
  readonly offset: number
  readonly size: number
}

/** Goes through a file from its start, and notes what it passes. The file has been read before: what is there is known to fit. */
export class Walk {
  readonly fields: ExplainedField[] = []
  private at = 0
  private readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }

  take(name: string, size: number, meaning?: Meaning): Uint8Array {
    const value = this.note(name, { offset: this.at, size }, meaning)
    this.at += size
    return value
  }

  /** A number whose lowest byte comes first. */
  little(name: string, size: number, meaning: (value: number) => string | undefined = String): number {
    return numberOf(this.take(name, size, (bytes) => meaning(numberOf(bytes.toReversed()))).toReversed())
  }

  /** A number whose highest byte comes first. */
  big(name: string, size: number, meaning: (value: number) => string | undefined = String): number {
    return numberOf(this.take(name, size, (bytes) => meaning(numberOf(bytes))))
  }

  /** A table's fields, in the order of their places, and past all of them. */
  table<Name extends string>(
    table: Readonly<Record<Name, Place>>,
    size: number,
    meanings: { readonly [N in Name]?: Meaning },
  ): void {
    const entries = (Object.entries(table) as [Name, Place][]).sort(([, a], [, b]) => a.offset - b.offset)
    for (const [name, { offset, size: width }] of entries)
      this.note(name, { offset: this.at + offset, size: width }, meanings[name])
    this.at += size
  }

  /** What is left, when anything is. */
  rest(name: string, meaning?: Meaning): void {
    if (this.at < this.bytes.length) this.take(name, this.bytes.length - this.at, meaning)
  }

  private note(name: string, { offset, size }: Place, meaning?: Meaning): Uint8Array {
    const value = this.bytes.subarray(offset, offset + size)
    if (value.length < size) throw new VouchError('TRUNCATED', { rule: `${name} must be there as a whole` })
    const words = meaning?.(value)
    this.fields.push({
      name,
      offset,
      size,
      value: toHex(value),
      ...(words === undefined ? {} : { meaning: words }),
    })
    return value
  }
}

function numberOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}

/** A little-endian number, in decimals. */
export const inDecimals: Meaning = (bytes) => BigInt(`0x${toHex(bytes.toReversed())}`).toString()

/** The names of the bits that are set in a little-endian number. */
export const bitsOf =
  (names: Readonly<Record<string, bigint>>): Meaning =>
  (bytes) => {
    const value = BigInt(`0x${toHex(bytes.toReversed())}`)
    const set = Object.entries(names).filter(([, bit]) => ((value >> bit) & 1n) === 1n)
    return set.map(([name]) => name).join(', ') || 'none of the bits that have a name'
  }

/** Bytes that the guest chose: as text, where they are one. */
export const chosen: Meaning = (bytes) => {
  const text = bytes.subarray(0, bytes.findLastIndex((byte) => byte !== 0) + 1)
  if (text.length === 0) return 'zeros'
  const isText = text.every((byte) => byte >= 0x20 && byte <= 0x7e)
  return isText ? `"${String.fromCharCode(...text)}"` : undefined
}

/** Whether anything stands in a field at all. */
export const zeros: Meaning = (bytes) => (bytes.every((byte) => byte === 0) ? 'zeros' : undefined)

/** A value under its vendor's name, where a format is no structure with places. */
export const field = (name: string, value: string, meaning?: string): ExplainedField => ({
  name,
  value,
  ...(meaning === undefined ? {} : { meaning }),
})
