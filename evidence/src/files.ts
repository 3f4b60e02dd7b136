import { equalBytes, VouchError } from '@vouch/protocol'
import { attempt, type Checks, must } from './checks.js'
import { unpacked } from './containers.js'
import { contentAt } from './der/der.js'
import type { EvidenceFile } from './evidence.js'
import { certificatesInside, gather, type PartName, type Parts, partOf } from './parts.js'
import { type PemBlock, pemBlocks } from './pem.js'
import { type Certificate, parseCertificate } from './x509/certificate.js'
import { parseRevocationList, type RevocationList } from './x509/revocation.js'

/** What files hold once they are told apart: certificates and lists, whatever they are for, parts of evidence, and the rest. */
export interface Sorted {
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
  readonly parts: Parts
  /** Names of files that are nothing known here, and change nothing. */
  readonly ignored: readonly string[]
}

/** More than any evidence comes with. An attacker's thousand certificates would cost us a thousand parses. */
const MAX_FILES = 64
const MAX_CERTIFICATES = 64

const PEM_CERTIFICATE = 'CERTIFICATE'
const PEM_LIST = 'X509 CRL'

/** Tells files apart by their content. One that cannot be read fails; one that is of no kind known here is left over. */
export async function sortFiles(checks: Checks, files: readonly EvidenceFile[]): Promise<Sorted> {
  if (files.length > MAX_FILES) {
    throw new VouchError('TOO_LARGE', {
      rule: `evidence must come in at most ${MAX_FILES} files`,
      given: `${files.length}`,
    })
  }
  const certificates: Uint8Array[] = []
  const lists: Uint8Array[] = []
  const parts: { readonly name: PartName; readonly file: EvidenceFile }[] = []
  const ignored: string[] = []
  for (const file of await unpackAll(checks, files)) {
    // Evidence first: what stands inside it is its own, and read by its rules.
    const name = partOf(file.bytes)
    if (name !== undefined) {
      parts.push({ name, file })
      certificates.push(...((await attempt(checks, () => certificatesInside(name, file.bytes))) ?? []))
      continue
    }
    const found = await attempt(checks, () => blocksIn(file.bytes))
    if (found?.every(({ label }) => label !== PEM_CERTIFICATE && label !== PEM_LIST)) ignored.push(file.name)
    for (const { label, der } of found ?? []) {
      if (label === PEM_CERTIFICATE) certificates.push(der)
      if (label === PEM_LIST) lists.push(der)
    }
  }
  const isFew = must(checks, certificates.length + lists.length <= MAX_CERTIFICATES, 'TOO_LARGE', {
    rule: `evidence must come with at most ${MAX_CERTIFICATES} certificates and lists`,
    given: `${certificates.length + lists.length}`,
  })
  const rest = { parts: gather(parts), ignored }
  if (!isFew) return { certificates: [], revocationLists: [], ...rest }
  return {
    certificates: await readAll(checks, certificates, parseCertificate),
    revocationLists: await readAll(checks, lists, parseRevocationList),
    ...rest,
  }
}

/** The blocks of a PEM file, or the one block that a DER file is. */
export function blocksIn(bytes: Uint8Array): readonly PemBlock[] {
  const pem = pemBlocks(bytes)
  return pem.length > 0 ? pem : [{ label: derLabel(bytes), der: bytes }]
}

async function unpackAll(checks: Checks, files: readonly EvidenceFile[]): Promise<readonly EvidenceFile[]> {
  const found: EvidenceFile[] = []
  for (const file of files) found.push(...((await attempt(checks, () => unpacked(file))) ?? []))
  return found
}

/** Reads each different one. The same thing given twice is given once. */
async function readAll<T>(
  checks: Checks,
  encoded: readonly Uint8Array[],
  parse: (der: Uint8Array) => T,
): Promise<T[]> {
  const different = encoded.filter((der, i) => encoded.findIndex((other) => equalBytes(other, der)) === i)
  const read: T[] = []
  for (const der of different) {
    const value = await attempt(checks, () => parse(der))
    if (value !== undefined) read.push(value)
  }
  return read
}

/**
 * What DER is meant as, by its first tags: a sequence over the whole file, in it a sequence, in that a version [0] for a
 * certificate or a number for a revocation list. Whether it is one, reading it will tell.
 */
function derLabel(bytes: Uint8Array): string {
  const inner = contentAt(bytes, 0)
  if (bytes[0] !== 0x30 || inner === undefined || bytes[inner] !== 0x30) return 'unknown'
  const first = contentAt(bytes, inner)
  if (first === undefined) return 'unknown'
  if (bytes[first] === 0xa0) return PEM_CERTIFICATE
  return bytes[first] === 0x02 && bytes[first + 1] === 1 && bytes[first + 2] === 1 ? PEM_LIST : 'unknown'
}
