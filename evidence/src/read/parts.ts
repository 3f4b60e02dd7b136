import { equalBytes, VouchError } from '@vouch/protocol'
import type { EvidenceFile } from '../tables/evidence.js'
import { looksLikeHcl, parseHcl } from '../vendors/azure/hcl.js'
import { looksLikeRuntimeData, parseRuntimeData } from '../vendors/azure/runtime-data.js'
import { looksLikeQeIdentity, looksLikeTcbInfo } from '../vendors/dcap/documents.js'
import { certificatesInQuote, looksLikeQuote, parseQuote } from '../vendors/dcap/quote.js'
import { looksLikeEventLog } from '../vendors/eventlog/parse.js'
import { looksLikeTcg12 } from '../vendors/eventlog/tcg12.js'
import { certificatesInDocument, looksLikeDocument } from '../vendors/nitro/document.js'
import { looksLikeSpdm, parseSpdm } from '../vendors/nvidia/spdm.js'
import { looksLikeReport } from '../vendors/snp/report.js'
import type { PartName, Parts } from '../vendors/sorted.js'
import { looksLikeAttest, parseAttest } from '../vendors/tpm/attest.js'
import { looksLikePublicKey } from '../vendors/tpm/parse.js'
import { looksLikePcrs } from '../vendors/tpm/pcrs.js'
import { looksLikePublicArea } from '../vendors/tpm/public-area.js'
import { looksLikeBareSignature, looksLikeSignature, parseSignature } from '../vendors/tpm/signature.js'

/** What a file may be besides certificates and revocation lists: told by its content, never by its name. */
export const PARTS = {
  'snp-report': looksLikeReport,
  'dcap-quote': looksLikeQuote,
  'tcb-info': looksLikeTcbInfo,
  'qe-identity': looksLikeQeIdentity,
  'nitro-document': looksLikeDocument,
  'spdm-message': looksLikeSpdm,
  'hcl-report': looksLikeHcl,
  'runtime-data': looksLikeRuntimeData,
  'tpm-attest': looksLikeAttest,
  'tpm-signature': looksLikeSignature,
  'tpm-public-area': looksLikePublicArea,
  'public-key': looksLikePublicKey,
  'pcr-values': looksLikePcrs,
  // Before logs of the older form, with an event of which it begins.
  'event-log': looksLikeEventLog,
  'tcg12-event-log': looksLikeTcg12,
  'bare-signature': looksLikeBareSignature,
} as const satisfies Readonly<Record<PartName, (bytes: Uint8Array) => boolean>>

/** Parts that have little about them but a length: where the format has no such part, they are files like any other. */
export const FAINT: ReadonlySet<PartName> = new Set<PartName>(['bare-signature', 'tcg12-event-log'])

/** The part that a file is, if it is any. */
export function partOf(bytes: Uint8Array): PartName | undefined {
  const names = Object.keys(PARTS) as PartName[]
  return names.find((name) => PARTS[name](bytes))
}

/** Parts that certificates are inside of, and how to get at them. */
const CERTIFICATES_INSIDE: Readonly<Partial<Record<PartName, (bytes: Uint8Array) => readonly Uint8Array[]>>> =
  {
    'dcap-quote': certificatesInQuote,
    'nitro-document': certificatesInDocument,
  }

/** The certificates inside a part, in DER: they count as if they had been given as files. */
export function certificatesInside(name: PartName, bytes: Uint8Array): readonly Uint8Array[] {
  return CERTIFICATES_INSIDE[name]?.(bytes) ?? []
}

/** Parts that hold a key themselves, so that nothing rests on a certificate of it. */
const KEYS_INSIDE: Readonly<Partial<Record<PartName, (bytes: Uint8Array) => Uint8Array>>> = {
  'hcl-report': (bytes) => parseRuntimeData(parseHcl(bytes).hcl.runtimeData).attestationKey,
}

/** The keys that parts hold themselves, as SubjectPublicKeyInfo. A part that cannot be read holds none. */
export function keysInside(parts: Parts): readonly Uint8Array[] {
  return Object.entries(parts).flatMap(([name, files]) =>
    files.flatMap(({ bytes }) => unlessRefused(() => KEYS_INSIDE[name as PartName]?.(bytes)) ?? []),
  )
}

/** Parts that interfaces of fixed size pad with zeros, and how many bytes of a file are theirs. */
const PADDED: Readonly<Partial<Record<PartName, (bytes: Uint8Array) => number>>> = {
  'dcap-quote': (bytes) => bytes.length - parseQuote(bytes).quote.behind.length,
  'spdm-message': (bytes) => parseSpdm(bytes).bytes.length,
  'hcl-report': (bytes) => bytes.length - parseHcl(bytes).trailing.length,
  'tpm-attest': (bytes) => parseAttest(bytes).bytes.length,
  'tpm-signature': (bytes) => bytes.length - parseSignature(bytes).trailing.length,
}

/** Puts files with their likes. The same part given twice is given once, with as much padding as it ever has. */
export function gather(files: readonly { readonly name: PartName; readonly file: EvidenceFile }[]): Parts {
  const parts: Partial<Record<PartName, readonly EvidenceFile[]>> = {}
  for (const { name, file } of files) {
    const before = parts[name] ?? []
    if (before.some(({ bytes }) => isPadded(name, bytes, file.bytes))) continue
    parts[name] = [...before.filter(({ bytes }) => !isPadded(name, file.bytes, bytes)), file]
  }
  return parts
}

/** Whether a file is another of this part, with nothing but padding more. */
function isPadded(name: PartName, longer: Uint8Array, bytes: Uint8Array): boolean {
  if (!equalBytes(longer.subarray(0, bytes.length), bytes)) return false
  if (longer.length === bytes.length) return true
  const isZero = longer.subarray(bytes.length).every((byte) => byte === 0)
  const end = unlessRefused(() => PADDED[name]?.(longer))
  return isZero && end !== undefined && end <= bytes.length
}

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof VouchError) return undefined
    throw error
  }
}
