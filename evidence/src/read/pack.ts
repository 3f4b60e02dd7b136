import { sha256 } from '@noble/hashes/sha2.js'
import { compareBytes, equalBytes, shown, textOf, toHex, VouchError } from '@vouch/protocol'
import {
  boundedBytes,
  type Codec,
  fixedBytes,
  list,
  parseFile,
  printFile,
  record,
  text,
  version,
} from '@vouch/protocol/codec'
import type { EvidenceFile } from '../core/file.js'
import { beginsLike } from '../core/resemblance.js'
import type { Tables } from '../tables/tables.js'
import type { Container } from '../vendors/vendor.js'

// Evidence and all that it is judged by in one file, to keep or to hand on. The same files give the same bytes, whoever packs
// them, so that the file's own hash names them.

interface PackedFile {
  readonly name: string
  readonly sha256: Uint8Array
  readonly content: Uint8Array
}

interface EvidencePack {
  readonly version: 1
  readonly evidence: readonly PackedFile[]
}

const MAX_PACKED_FILES = 64
const MAX_PACKED_BYTES = 1_048_576
const MAX_NAME = 200

const packCodec: Codec<EvidencePack> = record<EvidencePack>({
  version: version(1),
  evidence: list(
    record<PackedFile>({
      name: text(MAX_NAME),
      sha256: fixedBytes(32),
      content: boundedBytes(0, MAX_PACKED_BYTES),
    }),
    { min: 1, max: MAX_PACKED_FILES },
  ),
})

const WHAT = 'evidence pack'
/** How the one spelling of every pack begins. */
const BEGINNING = new TextEncoder().encode('{"evidence":[{"content":"')

export function looksLikePack(bytes: Uint8Array): boolean {
  return beginsLike(bytes, BEGINNING)
}

/** The text of a pack of these files. A file that is given twice is packed once. */
export function printPack(files: readonly EvidenceFile[]): string {
  const packed = files
    .map(({ name, bytes }) => ({ name: nameOf(name), sha256: sha256(bytes), content: bytes }))
    .sort(byName)
  const different = packed.filter(
    (file, i) => packed.findIndex((other) => equalBytes(other.sha256, file.sha256)) === i,
  )
  return printFile(packCodec, { version: 1, evidence: different }, WHAT)
}

/** The files of a pack. Each must be what its hash says, and the pack spelled as packs are. */
export function openPack({ name: path, bytes }: EvidenceFile): readonly EvidenceFile[] {
  const { evidence } = parseFile(packCodec, bytes, WHAT)
  for (const { name, sha256: hash, content } of evidence) {
    if (equalBytes(sha256(content), hash)) continue
    throw new VouchError('VALUE_MALFORMED', {
      rule: 'a file in an evidence pack must have the hash that stands beside it',
      given: shown(`${name}: ${toHex(hash)}`),
    })
  }
  const files = evidence.map(({ name, content }) => ({ name, bytes: content }))
  if (printPack(files) !== textOf(bytes))
    throw new VouchError('NOT_CANONICAL', {
      rule: 'an evidence pack must be written as bob evidence pack writes it',
    })
  return files.map((file) => ({ ...file, name: `${path}: ${file.name}` }))
}

/** What a pack is called: by this, nobody can be given another in its place. */
export const packName = (pack: string): string => `sha256:${toHex(sha256(new TextEncoder().encode(pack)))}`

/** In the order in which lists ascend: by the length of the name, then the name, then the hash. */
function byName(a: PackedFile, b: PackedFile): number {
  const inBytes = (text: string) => new TextEncoder().encode(text)
  return (
    a.name.length - b.name.length ||
    compareBytes(inBytes(a.name), inBytes(b.name)) ||
    compareBytes(a.sha256, b.sha256)
  )
}

/** Names are for people: what is not printable ASCII, or too long, makes no difference to what is in a file. */
const nameOf = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?').slice(-MAX_NAME) || 'unnamed'

/** The container that is no vendor's. */
const PACK: Container = { fits: looksLikePack, open: openPack }

/** The files that a file holds, or itself when it holds none. One level: what comes out is not opened again. */
export function unpacked({ containers }: Tables, file: EvidenceFile): readonly EvidenceFile[] {
  return [PACK, ...containers].find(({ fits }) => fits(file.bytes))?.open(file) ?? [file]
}

/** The text of one file that holds these. What they hold is packed itself, as a pack is opened one level deep. */
export const packOf = (tables: Tables, files: readonly EvidenceFile[]): string =>
  printPack(files.flatMap((file) => unpacked(tables, file)))
