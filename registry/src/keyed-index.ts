const KEY_BYTES = 32

/**
 * Finds rows by 32 bytes in little memory: a table of chains that holds row numbers, not keys. It answers with candidates,
 * which the caller compares. Positions depend on a secret seed, since keys are attacker-chosen: who knew it could put all
 * of them into one chain.
 */
export class KeyedIndex {
  private readonly seed: number
  private readonly mask: number
  private readonly first: Uint32Array
  private readonly next: Uint32Array

  constructor(capacity: number, seed: number) {
    this.seed = seed
    this.mask = 2 * capacity - 1
    this.first = new Uint32Array(2 * capacity)
    this.next = new Uint32Array(capacity)
  }

  /** Enters a row, once, by the key that lies at an offset: a view of each of a million keys would cost more than the table. */
  add(bytes: Uint8Array, row: number, offset = 0): void {
    const slot = this.slotOf(bytes, offset)
    this.next[row] = this.first[slot] ?? 0
    this.first[slot] = row + 1
  }

  /** Rows that may have this key, the newest first. */
  *candidates(key: Uint8Array): Generator<number> {
    for (let link = this.first[this.slotOf(key, 0)] ?? 0; link !== 0; link = this.next[link - 1] ?? 0)
      yield link - 1
  }

  private slotOf(bytes: Uint8Array, offset: number): number {
    let hash = this.seed
    for (let at = offset; at < offset + KEY_BYTES; at += 4) {
      const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8)
      const high = (bytes[at + 2] ?? 0) | ((bytes[at + 3] ?? 0) << 8)
      hash = Math.imul(hash ^ low ^ (high << 16), 0x9e3779b1)
      hash ^= hash >>> 15
    }
    return (hash ^ (hash >>> 16)) & this.mask
  }
}
