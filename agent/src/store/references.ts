import { ascii } from '@vouch/protocol'

/** Nix's base 32: digits and lower-case letters without e, o, u and t. */
const DIGITS = '0123456789abcdfghijklmnpqrsvwxyz'
const HASH_LENGTH = 32
const MAX_NAME = 211

const IS_DIGIT = new Uint8Array(256)
for (const byte of ascii(DIGITS)) IS_DIGIT[byte] = 1
const IS_NAME = new Uint8Array(256)
for (const byte of ascii('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-._?='))
  IS_NAME[byte] = 1
const HYPHEN = 0x2d

/** What bytes refer to: store paths that are listed, and such as stand there in full and are not. */
export interface References {
  readonly listed: ReadonlySet<string>
  readonly unlisted: ReadonlySet<string>
}

/** The hash part of a store name, if it has one. */
export function hashPartOf(name: string): string | undefined {
  return new RegExp(`^[${DIGITS}]{${HASH_LENGTH}}(?=-.)`).exec(name)?.[0]
}

/**
 * Finds references in bytes that come in pieces, as Nix finds them: by the hash parts of listed names, wherever these
 * stand. Paths that are not listed are known by the store's folder before them. A reference that is compressed or spelled
 * in another way is seen by neither.
 */
export class ReferenceScanner {
  private readonly names: ReadonlyMap<string, string>
  private readonly prefix: Uint8Array
  private readonly listed = new Set<string>()
  private readonly unlisted = new Set<string>()
  /** The end of what came, in which a reference may have begun. */
  private rest: Uint8Array = new Uint8Array()

  constructor(store: string, names: readonly string[]) {
    this.names = new Map(
      names.flatMap((name) => (hashPartOf(name) === undefined ? [] : [[name.slice(0, HASH_LENGTH), name]])),
    )
    this.prefix = ascii(`${store}/`)
  }

  update(piece: Uint8Array): void {
    const bytes = joined(this.rest, piece)
    this.scan(bytes, bytes.length - HASH_LENGTH - MAX_NAME)
    // A hash that starts behind this point is looked at again with what follows it; before it stands the prefix.
    const keep = this.prefix.length + HASH_LENGTH + MAX_NAME
    this.rest = bytes.slice(Math.max(0, bytes.length - keep))
  }

  finish(): References {
    this.scan(this.rest, this.rest.length - HASH_LENGTH)
    return { listed: this.listed, unlisted: this.unlisted }
  }

  /** Looks at every hash that starts at `last` or before. */
  private scan(bytes: Uint8Array, last: number): void {
    for (let at = 0; at <= last; ) {
      const miss = lastMiss(bytes, at)
      if (miss >= at) at = miss + 1
      else this.look(bytes, at++)
    }
  }

  private look(bytes: Uint8Array, at: number): void {
    const hash = String.fromCharCode(...bytes.subarray(at, at + HASH_LENGTH))
    const name = this.names.get(hash)
    if (name !== undefined) this.listed.add(name)
    else if (bytes[at + HASH_LENGTH] === HYPHEN && this.isUnderStore(bytes, at))
      this.unlisted.add(nameAt(bytes, at))
  }

  private isUnderStore(bytes: Uint8Array, at: number): boolean {
    const start = at - this.prefix.length
    return start >= 0 && this.prefix.every((byte, i) => bytes[start + i] === byte)
  }
}

/** The last of the 32 bytes from here that is no digit, looked for from behind; less than `at` when all are. */
function lastMiss(bytes: Uint8Array, at: number): number {
  let i = at + HASH_LENGTH - 1
  while (i >= at && IS_DIGIT[bytes[i] ?? 0] === 1) i--
  return i
}

function nameAt(bytes: Uint8Array, at: number): string {
  let end = at + HASH_LENGTH
  while (end < bytes.length && end - at < MAX_NAME && IS_NAME[bytes[end] ?? 0] === 1) end++
  return String.fromCharCode(...bytes.subarray(at, end))
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length)
  bytes.set(a)
  bytes.set(b, a.length)
  return bytes
}
