import { type Checks, equalBytes, must, VouchError } from '@vouch/protocol'
import { attempt } from '../core/checks.js'
import { endOfValue, isMeantAsCertificate, isMeantAsList } from '../core/der/meant.js'
import type { EvidenceFile } from '../core/file.js'
import type { Notes } from '../core/notes.js'
import { type PemBlock, pemBlocks } from '../core/pem.js'
import type { Tables } from '../tables/tables.js'
import type { Parts, Sorted } from '../vendors/sorted.js'
import { type Certificate, parseCertificate } from '../x509/certificate.js'
import { parseRevocationList } from '../x509/revocation.js'
import { unpacked } from './pack.js'
import { certificatesInside, gather, keysInside, partOf } from './parts.js'

/** More than any evidence comes with. An attacker's thousand certificates would cost us a thousand parses. */
const MAX_FILES = 64
const MAX_CERTIFICATES = 64

const PEM_CERTIFICATE = 'CERTIFICATE'
const PEM_LIST = 'X509 CRL'

/** Tells files apart by their content. One that cannot be read fails; one that is of no kind known here is left over. */
export async function sortFiles(
  tables: Tables,
  notes: Notes,
  files: readonly EvidenceFile[],
): Promise<Sorted> {
  const checks = notes.unreadable
  if (files.length > MAX_FILES) {
    throw new VouchError('TOO_LARGE', {
      rule: `evidence must come in at most ${MAX_FILES} files`,
      given: `${files.length}`,
    })
  }
  const certificates: Uint8Array[] = []
  const lists: Uint8Array[] = []
  const parts: { readonly name: string; readonly file: EvidenceFile }[] = []
  for (const file of await unpackAll(tables, checks, files)) {
    // Evidence first: what stands inside it is its own, and read by its rules.
    const name = partOf(tables, file.bytes)
    if (name !== undefined) {
      parts.push({ name, file })
      certificates.push(
        ...((await attempt(checks, () => certificatesInside(tables, name, file.bytes))) ?? []),
      )
      continue
    }
    const found = await attempt(checks, () => blocksIn(file.bytes))
    if (found === undefined) continue
    notes.blocks.push({ name: file.name, found })
    if (found.every(({ label }) => label !== PEM_CERTIFICATE && label !== PEM_LIST)) notes.passOver([file])
    for (const { label, der } of found) {
      if (label === PEM_CERTIFICATE) certificates.push(der)
      if (label === PEM_LIST) lists.push(der)
    }
  }
  const isFew = must(checks, certificates.length + lists.length <= MAX_CERTIFICATES, 'TOO_LARGE', {
    rule: `evidence must come with at most ${MAX_CERTIFICATES} certificates and lists`,
    given: `${certificates.length + lists.length}`,
  })
  const gathered = gather(tables, parts)
  if (!isFew) return { certificates: [], revocationLists: [], parts: gathered }
  return {
    certificates: await readAll(checks, certificates, parseCertificate, isSpare(tables, gathered)),
    revocationLists: await readAll(checks, lists, parseRevocationList, () => false),
    parts: gathered,
  }
}

/** The blocks of a PEM file, or the one block that a DER file is. */
export function blocksIn(bytes: Uint8Array): readonly PemBlock[] {
  const pem = pemBlocks(bytes)
  return pem.length > 0 ? pem : [{ label: derLabel(bytes), der: bytes }]
}

async function unpackAll(
  tables: Tables,
  checks: Checks,
  files: readonly EvidenceFile[],
): Promise<readonly EvidenceFile[]> {
  const found: EvidenceFile[] = []
  for (const file of files) found.push(...((await attempt(checks, () => unpacked(tables, file))) ?? []))
  return found
}

/**
 * Reads each different one. The same thing given twice is given once. What stands behind one in its file is somebody's, and
 * nothing vouches for it: it is refused, but behind one that nothing rests on.
 */
async function readAll<T>(
  checks: Checks,
  encoded: readonly Uint8Array[],
  parse: (der: Uint8Array) => T,
  mayEndEarly: (value: T, behind: Uint8Array) => boolean,
): Promise<T[]> {
  const found = encoded.map((bytes) => ({ der: bytes.subarray(0, endOfValue(bytes)), bytes }))
  const different = found.filter(({ der }, i) => found.findIndex((other) => equalBytes(other.der, der)) === i)
  const read: T[] = []
  for (const { der } of different) {
    const value = await attempt(checks, () => parse(der))
    if (value === undefined) continue
    read.push(value)
    const same = found.filter((one) => equalBytes(one.der, der))
    const behind = same.map(({ bytes }) => bytes.subarray(der.length)).filter(({ length }) => length > 0)
    for (const rest of behind) {
      const given = `${rest.length} bytes`
      if (mayEndEarly(value, rest)) checks.leave(`${given} behind a certificate that nothing rests on`)
      else
        must(checks, false, 'EVIDENCE_TRAILING', {
          rule: 'behind a certificate or a list there must be nothing',
          given,
        })
    }
  }
  return read
}

/** An index of a TPM has at most so many bytes. */
const MAX_INDEX_BYTES = 4096

/**
 * Whether a certificate is of a key that a part holds itself. Such a certificate is read out of an index of fixed size, with what is
 * behind it. Another certificate, or a list, must not hide there.
 */
const isSpare =
  (tables: Tables, parts: Parts) =>
  ({ spki }: Certificate, behind: Uint8Array): boolean =>
    behind.length <= MAX_INDEX_BYTES &&
    keysInside(tables, parts).some((key) => equalBytes(key, spki)) &&
    behind.every((_, i) => derLabel(behind.subarray(i)) === 'unknown')

function derLabel(bytes: Uint8Array): string {
  if (isMeantAsCertificate(bytes)) return PEM_CERTIFICATE
  return isMeantAsList(bytes) ? PEM_LIST : 'unknown'
}
