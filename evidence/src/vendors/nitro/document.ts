import { concat, equalBytes, VouchError } from '@vouch/protocol'
import { type Cbor, malformed, readCbor } from '../../core/cbor/cbor.js'
import { writeCbor } from '../../core/cbor/write.js'
import { parseCertificate } from '../../x509/certificate.js'
import type { Slot } from '../claims.js'
import { onePart, type Sorted } from '../sorted.js'
import {
  ARRAY_OF_FOUR,
  COSE_SIGN1_TAG,
  DOCUMENT_SIGNATURE_BYTES,
  MAX_BUNDLE,
  MAX_CERTIFICATE_BYTES,
  MAX_NONCE_BYTES,
  MAX_PCR,
  MAX_PUBLIC_KEY_BYTES,
  MAX_USER_DATA_BYTES,
  MEMBERS,
  PCR_BYTES,
  PROTECTED_HEADER,
} from './layout.js'
import type { NitroContainer, NitroDocument, NitroEvidence, SignedDocument } from './types.js'

const WHAT = 'an attestation document'

/** Whether bytes are meant as a document: a COSE_Sign1 under ES384. */
export function looksLikeDocument(bytes: Uint8Array): boolean {
  const start = bytes[0] === COSE_SIGN1_TAG ? 1 : 0
  const header = bytes.subarray(start + 2, start + 2 + PROTECTED_HEADER.length)
  return bytes[start] === ARRAY_OF_FOUR && bytes[start + 1] === 0x44 && equalBytes(header, PROTECTED_HEADER)
}

/** A document with the certificates and lists that came along. */
export function parseNitro({ parts, certificates, revocationLists }: Sorted): NitroEvidence {
  const signed = parseDocument(onePart(parts, 'nitro-document').bytes)
  return { format: 'nitro', signed, certificates, revocationLists }
}

/** The certificates of a document, the root first and its own last. */
export const certificatesIn = ({ certificate, caBundle }: NitroDocument): readonly Uint8Array[] => [
  ...caBundle,
  certificate,
]

export const certificatesInDocument = (bytes: Uint8Array): readonly Uint8Array[] =>
  certificatesIn(parseDocument(bytes).document)

export function parseDocument(bytes: Uint8Array): SignedDocument {
  const isTagged = bytes[0] === COSE_SIGN1_TAG
  const { value, end } = readCbor(bytes, isTagged ? 1 : 0, WHAT)
  const [header, unprotected, payload, signature] = itemsOf(value, 4)
  if (header?.type !== 'bytes' || !equalBytes(header.value, PROTECTED_HEADER))
    throw new VouchError('ALGORITHM_UNKNOWN', { rule: `${WHAT} must be signed by ES384, and say no more` })
  if (unprotected?.type !== 'map' || unprotected.entries.length > 0)
    throw malformed(`the unprotected header of ${WHAT} must be empty`)
  const content = bytesOf(payload, 'payload', 1, bytes.length)
  return {
    isTagged,
    payload: content,
    signature: bytesOf(signature, 'signature', DOCUMENT_SIGNATURE_BYTES, DOCUMENT_SIGNATURE_BYTES),
    document: parsePayload(content),
    trailing: bytes.subarray(end),
  }
}

/** The bytes of a document, as they were read. */
export function encodeDocument({
  payload,
  signature,
  isTagged = false,
  trailing = new Uint8Array(),
}: Pick<SignedDocument, 'payload' | 'signature'> & Partial<SignedDocument>): Uint8Array {
  const cose = writeCbor({
    type: 'array',
    items: [
      { type: 'bytes', value: PROTECTED_HEADER },
      { type: 'map', entries: [] },
      { type: 'bytes', value: payload },
      { type: 'bytes', value: signature },
    ],
  })
  return concat(isTagged ? Uint8Array.of(COSE_SIGN1_TAG) : new Uint8Array(), cose, trailing)
}

/** What the signature covers: Sig_structure of RFC 9052, 4.4, without external data. */
export function signedBytes(payload: Uint8Array): Uint8Array {
  return writeCbor({
    type: 'array',
    items: [
      { type: 'text', value: 'Signature1' },
      { type: 'bytes', value: PROTECTED_HEADER },
      { type: 'bytes', value: new Uint8Array() },
      { type: 'bytes', value: payload },
    ],
  })
}

export function encodePayload(document: NitroDocument): Uint8Array {
  const form = (name: NitroContainer) =>
    document.indefinite?.includes(name) ? ({ indefinite: true } as const) : {}
  const optional = (value: Uint8Array | undefined): Cbor =>
    value === undefined ? { type: 'null' } : { type: 'bytes', value }
  const pcrs = [...document.pcrs].map(
    ([number, value]) =>
      [
        { type: 'integer', value: number },
        { type: 'bytes', value },
      ] as const,
  )
  const values: readonly Cbor[] = [
    { type: 'text', value: document.moduleId },
    { type: 'text', value: 'SHA384' },
    { type: 'integer', value: document.timestamp },
    { type: 'map', entries: pcrs, ...form('pcrs') },
    { type: 'bytes', value: document.certificate },
    {
      type: 'array',
      items: document.caBundle.map((value) => ({ type: 'bytes', value })),
      ...form('cabundle'),
    },
    optional(document.publicKey),
    optional(document.userData),
    optional(document.nonce),
  ]
  return writeCbor({
    type: 'map',
    entries: MEMBERS.map((name, i) => [{ type: 'text', value: name }, values[i] ?? { type: 'null' }]),
    ...form('payload'),
  })
}

/** The payload of a document. Its lists and maps come in both forms; the envelope around it says each length. */
export function parsePayload(payload: Uint8Array): NitroDocument {
  const { value, end } = readCbor(payload, 0, WHAT, 'any')
  if (end !== payload.length)
    throw new VouchError('TRAILING_BYTES', { rule: `the payload of ${WHAT} must end` })
  if (value.type !== 'map') throw malformed(`the payload of ${WHAT} must be a map`)
  const names = value.entries.map(([key]) => (key.type === 'text' ? key.value : '?'))
  if (names.length !== MEMBERS.length || !MEMBERS.every((name, i) => names[i] === name))
    throw malformed(`${WHAT} must have the members ${MEMBERS.join(', ')}, in this order`)
  const [moduleId, digest, timestamp, pcrs, certificate, caBundle, publicKey, userData, nonce] =
    value.entries.map(([, member]) => member)
  if (moduleId?.type !== 'text' || moduleId.value === '') throw malformed('module_id must be a text')
  if (digest?.type !== 'text' || digest.value !== 'SHA384')
    throw new VouchError('ALGORITHM_UNKNOWN', { rule: 'digest must be SHA384' })
  if (timestamp?.type !== 'integer' || timestamp.value <= 0) throw malformed('timestamp must be milliseconds')
  return {
    moduleId: moduleId.value,
    timestamp: timestamp.value,
    pcrs: pcrsOf(pcrs),
    certificate: bytesOf(certificate, 'certificate', 1, MAX_CERTIFICATE_BYTES),
    caBundle: bundleOf(caBundle),
    ...optionalBytes('publicKey', publicKey, MAX_PUBLIC_KEY_BYTES),
    ...optionalBytes('userData', userData, MAX_USER_DATA_BYTES),
    ...optionalBytes('nonce', nonce, MAX_NONCE_BYTES),
    ...formsOf({ payload: value, pcrs, cabundle: caBundle }),
  }
}

/** Which of them end with a break. */
function formsOf(
  containers: Readonly<Record<NitroContainer, Cbor | undefined>>,
): Pick<NitroDocument, 'indefinite'> {
  const names = Object.keys(containers) as NitroContainer[]
  const indefinite = names.filter((name) => {
    const container = containers[name]
    return (container?.type === 'map' || container?.type === 'array') && container.indefinite
  })
  return indefinite.length === 0 ? {} : { indefinite }
}

function itemsOf(value: Cbor, count: number): readonly Cbor[] {
  if (value.type === 'array' && value.items.length === count) return value.items
  throw malformed(`${WHAT} must be a list of ${count}`)
}

function bytesOf(value: Cbor | undefined, name: string, min: number, max: number): Uint8Array {
  if (value?.type === 'bytes' && value.value.length >= min && value.value.length <= max) return value.value
  throw malformed(`${name} must be ${min} to ${max} bytes`)
}

function optionalBytes<Name extends string>(
  name: Name,
  value: Cbor | undefined,
  max: number,
): { readonly [N in Name]?: Uint8Array } {
  if (value?.type === 'null') return {}
  return { [name]: bytesOf(value, name, 0, max) } as { readonly [N in Name]?: Uint8Array }
}

/** Registers in ascending order, so that each is there once. */
function pcrsOf(value: Cbor | undefined): ReadonlyMap<number, Uint8Array> {
  if (value?.type !== 'map') throw malformed('pcrs must be a map')
  let last = -1
  return new Map(
    value.entries.map(([key, register]) => {
      if (key.type !== 'integer' || key.value <= last || key.value > MAX_PCR)
        throw malformed(`pcrs must be numbered 0 to ${MAX_PCR}, ascending`)
      last = key.value
      return [key.value, bytesOf(register, `pcr${key.value}`, PCR_BYTES, PCR_BYTES)]
    }),
  )
}

function bundleOf(value: Cbor | undefined): readonly Uint8Array[] {
  if (value?.type !== 'array' || value.items.length === 0 || value.items.length > MAX_BUNDLE)
    throw malformed(`cabundle must have 1 to ${MAX_BUNDLE} certificates`)
  return value.items.map((item) => bytesOf(item, 'a certificate of cabundle', 1, MAX_CERTIFICATE_BYTES))
}

/** What an enclave chooses in a document. */
export const documentSlots = ({ userData, nonce }: NitroDocument): readonly Slot[] => [
  { name: 'user_data', bytes: userData ?? new Uint8Array(), holds: 'report_data' },
  ...(nonce === undefined ? [] : [{ name: 'nonce', bytes: nonce, holds: 'nonce' } as const]),
]

/** The keys of the certificates that a document names as its issuers, as SubjectPublicKeyInfo; one that cannot be read has none. */
export function keysIn({ caBundle }: NitroDocument): readonly Uint8Array[] {
  return caBundle.flatMap((der) => {
    try {
      return [parseCertificate(der).spki]
    } catch (error) {
      if (error instanceof VouchError) return []
      throw error
    }
  })
}
