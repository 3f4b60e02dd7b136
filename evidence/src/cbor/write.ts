import { concat, fromInteger } from '@vouch/protocol'
import type { Cbor } from './cbor.js'

/** The one shortest spelling of a value. */
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
      return concat(head(4, value.items.length), ...value.items.map(writeCbor))
    case 'map':
      return concat(head(5, value.entries.length), ...value.entries.flat().map(writeCbor))
    case 'null':
      return Uint8Array.of(0xf6)
  }
}

function head(type: number, number: number): Uint8Array {
  const first = type << 5
  if (number < 24) return Uint8Array.of(first | number)
  if (number < 0x100) return Uint8Array.of(first | 24, number)
  const [info, size] = number < 0x1_0000 ? [25, 2] : number < 0x1_0000_0000 ? [26, 4] : [27, 8]
  return concat(Uint8Array.of(first | info), fromInteger(number, size))
}
