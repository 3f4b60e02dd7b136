import { sha256 } from '@noble/hashes/sha2.js'
import { toHex } from '@vouch/protocol'
import { ANCHORS, anchorOf } from '../core/anchors.js'
import { parseDer } from '../core/der/der.js'
import type { ExplainedField } from '../core/explain.js'
import { isEndorsement, readEndorsement } from '../vendors/snp/endorsement.js'
import { tcbText } from '../vendors/snp/generation.js'
import { type Certificate, commonNameIn, parseCertificate } from '../x509/certificate.js'
import { date } from '../x509/chain.js'
import { parseRevocationList } from '../x509/revocation.js'

export function explainCertificate(der: Uint8Array): readonly ExplainedField[] {
  const certificate = parseCertificate(der)
  const { commonName, serial, notBefore, notAfter, spki, extensions } = certificate
  const hash = sha256(spki)
  const anchor = anchorOf(ANCHORS, hash)
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
    ...endorsementIn(certificate),
    { name: 'extensions', value: [...extensions.keys()].join(', ') },
  ]
}

function endorsementIn(certificate: Certificate): readonly ExplainedField[] {
  if (!isEndorsement(certificate)) return []
  const { type, product, tcb, hwId } = readEndorsement(certificate)
  return [
    { name: 'productName', value: product, meaning: `certifies a ${type.toUpperCase()}` },
    { name: 'TCB', value: tcbText(tcb) },
    ...(hwId === undefined ? [] : [{ name: 'hwID', value: toHex(hwId) }]),
  ]
}

export function explainRevocationList(der: Uint8Array): readonly ExplainedField[] {
  const { thisUpdate, nextUpdate, revoked, issuer } = parseRevocationList(der)
  return [
    { name: 'issuer', value: commonNameIn(parseDer(issuer, 'issuer')) },
    { name: 'thisUpdate', value: date(thisUpdate) },
    { name: 'nextUpdate', value: date(nextUpdate) },
    ...revoked.map((serial, i) => ({ name: `revokedCertificates[${i}]`, value: toHex(serial) })),
  ]
}
