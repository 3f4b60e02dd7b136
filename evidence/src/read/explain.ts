import { sha256 } from '@noble/hashes/sha2.js'
import { toHex, VouchError } from '@vouch/protocol'
import { anchorOf } from '../core/anchors.js'
import { parseDer } from '../core/der/der.js'
import type { ExplainedField } from '../core/explain.js'
import type { EvidenceFile } from '../core/file.js'
import type { Tables } from '../tables/tables.js'
import { commonNameIn, parseCertificate } from '../x509/certificate.js'
import { date } from '../x509/chain.js'
import { parseRevocationList } from '../x509/revocation.js'
import { blocksIn } from './files.js'
import { unpacked } from './pack.js'
import { partOf } from './parts.js'

// What files say, field by field, for a person to read. Nothing is judged: whatever somebody wrote there is shown.

/** What a file is, or one of several things in it, and its fields. */
export interface Explained {
  readonly file: string
  readonly what: string
  readonly fields: readonly ExplainedField[]
}

const UNKNOWN = 'nothing that is known here'

/** Explains a file, or each of the things that it holds. One that is meant as something and cannot be read is refused. */
export function explainIn(tables: Tables, file: EvidenceFile): readonly Explained[] {
  return unpacked(tables, file).flatMap((one) => explainOne(tables, one))
}

function explainOne(tables: Tables, { name: file, bytes }: EvidenceFile): readonly Explained[] {
  const name = partOf(tables, bytes)
  if (name === undefined)
    return blocksIn(bytes).map(({ label, der }) => ({ file, ...explainBlock(tables, label, der) }))
  const { explain = [name.replaceAll('-', ' '), () => []] as const, toldBy } = tables.parts.get(name) ?? {}
  const [what, fieldsOf] = explain
  try {
    return [{ file, what, fields: fieldsOf(bytes) }]
  } catch (error) {
    // There is little about such a part but that it can be read to its end: a file that cannot is perhaps none.
    if (toldBy === undefined || !(error instanceof VouchError)) throw error
    return [{ file, what: UNKNOWN, fields: [] }]
  }
}

function explainBlock(tables: Tables, label: string, der: Uint8Array): Omit<Explained, 'file'> {
  switch (label) {
    case 'CERTIFICATE':
      return { what: 'certificate', fields: explainCertificate(tables, der) }
    case 'X509 CRL':
      return { what: 'certificate revocation list', fields: explainRevocationList(der) }
    default:
      return { what: UNKNOWN, fields: [] }
  }
}

function explainCertificate(tables: Tables, der: Uint8Array): readonly ExplainedField[] {
  const certificate = parseCertificate(der)
  const { commonName, serial, notBefore, notAfter, spki, extensions } = certificate
  const hash = sha256(spki)
  const anchor = anchorOf(tables.anchors, hash)
  return [
    { name: 'subject', value: commonName },
    { name: 'serialNumber', value: toHex(serial) },
    { name: 'notBefore', value: date(notBefore) },
    { name: 'notAfter', value: date(notAfter) },
    {
      name: 'subjectPublicKeyInfo, SHA-256',
      value: toHex(hash),
      ...(anchor === undefined ? {} : { meaning: `the pinned root ${anchor.name}` }),
    },
    ...tables.explainCertificate(certificate),
    { name: 'extensions', value: [...extensions.keys()].join(', ') },
  ]
}

function explainRevocationList(der: Uint8Array): readonly ExplainedField[] {
  const { thisUpdate, nextUpdate, revoked, issuer } = parseRevocationList(der)
  return [
    { name: 'issuer', value: commonNameIn(parseDer(issuer, 'issuer')) },
    { name: 'thisUpdate', value: date(thisUpdate) },
    { name: 'nextUpdate', value: date(nextUpdate) },
    ...revoked.map((serial, i) => ({ name: `revokedCertificates[${i}]`, value: toHex(serial) })),
  ]
}
