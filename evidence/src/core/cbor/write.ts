import { concat, fromInteger } from '@vouch/protocol'
import { BREAK, type Cbor, INDEFINITE } from './cbor.js'

/** A value in its shortest spelling; lists and maps with their length, or up to a break, as they say. */
export function writeCbor(value: Cbor): Uint8Array {
  switch (value.type) {
    case 'integer':
      return value.value < 0 ? head(1, -1 - value.value) : head(0, value.value)
    case 'bytes':
      return concat(head(2, value.value.length), value.value)
    case 'text': {
      const bytes = new TextEncoder().encode(value.value)
      return concat(head(3, bytes.length), bytes)
    }
    case 'array':
      return container(4, value.items.length, value.items, value.indefinite)
    case 'map':
      return container(5, value.entries.length, value.entries.flat(), value.indefinite)
    case 'null':
      return Uint8Array.of(0xf6)
  }
}

function container(type: number, count: number, values: readonly Cbor[], indefinite = false): Uint8Array {
  const content = values.map(writeCbor)
  return indefinite
    ? concat(Uint8Array.of((type << 5) | INDEFINITE), ...content, Uint8Array.of(BREAK))
    : concat(head(type, count), ...content)
}

function head(type: number, number: number): Uint8Array {
  const first = type << 5
  if (number < 24) return Uint8Array.of(first | number)
  if (number < 0x100) return Uint8Array.of(first | 24, number)
  const [info, size] = number < 0x1_0000 ? [25, 2] : number < 0x1_0000_0000 ? [26, 4] : [27, 8]
  return concat(Uint8Array.of(first | info), fromInteger(number, size))
}
