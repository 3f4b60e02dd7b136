import { equalBytes } from '@vouch/protocol'

/** Where bytes, or those of a text, begin in others: each time. A test that looks for them needs them there. */
function placesOf(part: Uint8Array | string, bytes: Uint8Array): readonly [number, ...number[]] {
  const wanted = typeof part === 'string' ? new TextEncoder().encode(part) : part
  const places: number[] = []
  for (let at = bytes.indexOf(wanted[0] ?? 0); at >= 0; at = bytes.indexOf(wanted[0] ?? 0, at + 1)) {
    if (equalBytes(bytes.subarray(at, at + wanted.length), wanted)) places.push(at)
  }
  const [first, ...others] = places
  if (first === undefined) throw new Error('the bytes that a test looks for must be there')
  return [first, ...others]
}

export const placeOf = (part: Uint8Array | string, bytes: Uint8Array): number => placesOf(part, bytes)[0]

export const lastPlaceOf = (part: Uint8Array | string, bytes: Uint8Array): number =>
  placesOf(part, bytes).at(-1) ?? 0

/** What stands in a PEM text, without its armour. */
export const pemBytes = (text: string): Uint8Array =>
  Uint8Array.from(atob(text.replace(/-----[^-]+-----|\s/g, '')), (letter) => letter.charCodeAt(0))

/** Bytes as PEM writes them. */
export function pemText(bytes: Uint8Array, label = 'CERTIFICATE'): Uint8Array {
  const base64 = btoa(String.fromCharCode(...bytes))
  const lines = base64.match(/.{1,64}/g) ?? []
  return new TextEncoder().encode(`-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`)
}
