import { type Bundle, concat, fieldToBytes, fromInteger, printBundle, toInteger } from '@vouch/protocol'

/** As many bytes of a secret in a row are no accident. */
export const RUN = 16

/** A text to look in, and bytes: whatever is spelled in one is raw in the other. */
export interface Haystack {
  readonly text: string
  readonly raw: Buffer
}

/** A bundle as a file, and the bytes that are in it. */
export function haystackOf(bundle: Bundle): Haystack {
  const { circuit, envelope, nullifier, proof, request } = bundle
  const raw = concat(circuit, fieldToBytes(request), envelope, fromInteger(nullifier, 32), proof)
  return { text: printBundle(bundle), raw: Buffer.from(raw) }
}

/** The bytes of every long number in a text: a number in decimal does not show the numbers that it is made of. */
function numbersIn(text: string): readonly Buffer[] {
  const numbers = text.match(/[0-9]{20,}/g) ?? []
  return numbers.map((digits) => {
    const hex = BigInt(digits).toString(16)
    return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  })
}

/** Every spelling of 16 bytes that a text could hold: base64 has three, by where in a group of three they begin. */
function spellings(run: Uint8Array): readonly string[] {
  const groups = [0, 1, 2].map((shift) => {
    const spelled = Buffer.concat([Buffer.alloc(shift), run])
      .toString('base64')
      .replace(/=+$/, '')
    // What shares a letter with a neighbour is unknown: only whole letters of the run itself are looked for.
    return spelled.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + run.length) * 8) / 6))
  })
  const url = groups.map((group) => group.replaceAll('+', '-').replaceAll('/', '_'))
  const hex = Buffer.from(run).toString('hex')
  return [hex, hex.toUpperCase(), ...groups, ...url, toInteger(run).toString()]
}

/**
 * Where a run of 16 bytes of a secret stands in the haystack, in either order. A run that is half zeros is a small number: it
 * tells nobody from anybody, and stands everywhere.
 */
export function leaks(secret: Uint8Array, { text, raw }: Haystack): readonly string[] {
  const found: string[] = []
  const bytesIn = [raw, ...numbersIn(text)]
  for (let at = 0; at + RUN <= secret.length; at++) {
    const run = secret.slice(at, at + RUN)
    if (run.filter((byte) => byte !== 0).length < RUN / 2) continue
    for (const bytes of [run, run.slice().reverse()]) {
      if (bytesIn.some((there) => there.includes(Buffer.from(bytes)))) found.push(`byte ${at} on, as bytes`)
      found.push(...spellings(bytes).filter((spelling) => text.includes(spelling)))
    }
  }
  return found
}
