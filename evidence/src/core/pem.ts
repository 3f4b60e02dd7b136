import { VouchError } from '@vouch/protocol'

export interface PemBlock {
  readonly label: string
  readonly der: Uint8Array
}

/** A block, its markers on lines of their own: RFC 7468, section 2, with no white space but line ends and blanks. */
const BLOCK =
  /^-----BEGIN ([A-Z0-9 ]{1,40})-----[ \t]*\r?\n([A-Za-z0-9+/=\r\n \t]*)^-----END \1-----[ \t]*\r?$/gm
/** Two markers on one line: files of PEM that end without a line end, put one behind the other. Nothing stands between them. */
const ADJACENT = /^(-----END [A-Z0-9 ]{1,40}-----)(?=-----BEGIN )/gm
const MARKER = '-----'
const DASH = 0x2d

/**
 * The blocks of a PEM file; none when it is no PEM. What stands outside the blocks is commentary, but not markers: a block
 * that is damaged is refused, as otherwise somebody could take it away by a single letter.
 */
export function pemBlocks(bytes: Uint8Array): readonly PemBlock[] {
  if (!hasMarker(bytes)) return []
  const { blocks, rest } = split(bytes)
  if (!rest.includes(MARKER)) return blocks
  throw malformed('PEM must have its markers in pairs, each on a line of its own')
}

/** The blocks of PEM that holds nothing else; zeros may end it, as a text in C does. */
export function pemBlocksOnly(bytes: Uint8Array): readonly PemBlock[] {
  const { blocks, rest } = split(bytes)
  if (/^[\r\n]*\0?$/.test(rest)) return blocks
  throw malformed('PEM inside evidence must have nothing outside its blocks')
}

const utf8 = new TextDecoder()

function split(bytes: Uint8Array): { readonly blocks: readonly PemBlock[]; readonly rest: string } {
  const blocks: PemBlock[] = []
  const text = utf8.decode(bytes).replace(ADJACENT, '$1\n')
  const rest = text.replace(BLOCK, (_, label: string, base64: string) => {
    blocks.push({ label, der: fromBase64(base64.replace(/[\r\n \t]/g, '')) })
    return ''
  })
  return { blocks, rest }
}

/** Markers begin and end a block, so that damage to one leaves the other. */
function hasMarker(bytes: Uint8Array): boolean {
  for (let at = bytes.indexOf(DASH); at >= 0; at = bytes.indexOf(DASH, at + 1)) {
    const isLong = bytes.subarray(at, at + MARKER.length).every((byte) => byte === DASH)
    if (isLong && WORDS.some((word) => word.every((byte, i) => bytes[at + MARKER.length + i] === byte)))
      return true
  }
  return false
}

const WORDS = ['BEGIN ', 'END '].map((word) => new TextEncoder().encode(word))

/** Base64 without white space, each value in its one spelling. */
export function fromBase64(text: string): Uint8Array {
  const binary = binaryOf(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

function binaryOf(text: string): string {
  try {
    const binary = atob(text)
    // atob forgives bits behind the last byte, and missing padding: writing the end again shows whether it had to.
    const end = text.length - 4
    if (text.length % 4 === 0 && btoa(binary.slice((end / 4) * 3)) === text.slice(end)) return binary
  } catch {
    // not base64 at all: refused below
  }
  throw malformed('a PEM block must hold base64')
}

function malformed(rule: string): VouchError {
  return new VouchError('CERTIFICATE_MALFORMED', { rule })
}
