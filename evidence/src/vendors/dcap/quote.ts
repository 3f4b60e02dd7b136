import { concat, equalBytes, shown, VouchError } from '@vouch/protocol'
import { DER_TAG, derValues } from '../../core/der/der.js'
import { assemble, bytesAt, FieldCursor, littleEndian, numberAt } from '../../core/fields.js'
import { pemBlocksOnly } from '../../core/pem.js'
import {
  BODY_BYTES,
  BODY_TYPE,
  CERTIFICATION,
  DESCRIPTOR,
  DESCRIPTOR_BYTES,
  ECDSA_P256,
  ENCLAVE_REPORT_BYTES,
  HEADER,
  INTEL_QE_VENDOR,
  KEY_BYTES,
  PCK_ID_BYTES,
  PPID_BYTES,
  QUOTE_HEADER_BYTES,
  QUOTE_SIGNATURE_BYTES,
  TEE_TYPE,
} from './layout.js'
import { encodeEnclaveReport, encodeTdReport, parseEnclaveReport, parseTdReport } from './reports.js'
import type { EnclaveReport, PckId, Quote, SignedQuote, TdReport } from './types.js'

type Body = keyof typeof BODY_BYTES

/** Larger than any quote with its padding. */
const MAX_QUOTE_BYTES = 65_536
const VERSIONS: ReadonlySet<number> = new Set([3, 4, 5])

/** Whether bytes are meant as a quote: by a version as small as versions are, a key type, and the quoting enclave's vendor. */
export function looksLikeQuote(bytes: Uint8Array): boolean {
  if (bytes.length < QUOTE_HEADER_BYTES) return false
  const isVendor = equalBytes(bytesAt(bytes, HEADER.QE_VENDOR_ID), INTEL_QE_VENDOR)
  const isTee = Object.values<number>(TEE_TYPE).includes(numberAt(bytes, HEADER.TEE_TYPE))
  const isVersion = VERSIONS.has(numberAt(bytes, HEADER.VERSION))
  const isKeyType = numberAt(bytes, HEADER.ATTESTATION_KEY_TYPE) === ECDSA_P256
  return [isVendor, isTee, isVersion, isKeyType].filter(Boolean).length >= 3
}

/** Reads a quote, and which of its bytes are signed. */
export function parseQuote(bytes: Uint8Array): SignedQuote {
  if (bytes.length > MAX_QUOTE_BYTES) {
    throw new VouchError('TOO_LARGE', {
      rule: `a quote must be at most ${MAX_QUOTE_BYTES} bytes`,
      given: `${bytes.length}`,
    })
  }
  const cursor = new FieldCursor(bytes, 'a quote')
  const header = readHeader(cursor.take(QUOTE_HEADER_BYTES, 'header'))
  const body = header.version === 5 ? readDescriptor(cursor, header.tee) : BODY_OF[header.tee]
  const reportBytes = cursor.take(BODY_BYTES[body], 'body')
  const signed = bytes.subarray(0, cursor.offset)
  const data = cursor.block(4, 'signature data')
  const { quotingEnclaveSigned, ...signatureData } = readSignatureData(data, header.version)
  const report = body === 'sgx' ? parseEnclaveReport(reportBytes) : parseTdReport(reportBytes, body)
  const { version, qeSvn, pceSvn, userData } = header
  const quote = { version, qeSvn, pceSvn, userData, report, ...signatureData, behind: cursor.rest() }
  return { quote, bytes, signed, quotingEnclaveSigned }
}

const BODY_OF = { sgx: 'sgx', tdx: 'tdx-1.0' } as const

type Header = Pick<Quote, 'version' | 'qeSvn' | 'pceSvn' | 'userData'> & {
  readonly tee: keyof typeof TEE_TYPE
}

function readHeader(bytes: Uint8Array): Header {
  const number = (name: keyof typeof HEADER): number => numberAt(bytes, HEADER[name])
  const version = number('VERSION')
  if (version !== 3 && version !== 4 && version !== 5) {
    throw new VouchError('VERSION_UNKNOWN', {
      rule: 'a quote must have version 3, 4 or 5',
      given: shown(version),
      hint: 'a newer release may read it',
    })
  }
  const keyType = number('ATTESTATION_KEY_TYPE')
  if (keyType !== ECDSA_P256)
    throw unknown('a quote must be signed by ECDSA over P-256', `attestation key type ${keyType}`)
  const tee = number('TEE_TYPE') === TEE_TYPE.sgx ? 'sgx' : 'tdx'
  if (number('TEE_TYPE') !== TEE_TYPE[tee] || (version === 3 && tee !== 'sgx'))
    throw unknown('a quote must be of SGX, or from version 4 of TDX', `TEE type ${number('TEE_TYPE')}`)
  if (!equalBytes(bytesAt(bytes, HEADER.QE_VENDOR_ID), INTEL_QE_VENDOR))
    throw unknown("a quote must be made by Intel's quoting enclave")
  const [qeSvn, pceSvn] = [number('QE_SVN'), number('PCE_SVN')]
  if (version > 3 && (qeSvn !== 0 || pceSvn !== 0)) {
    throw new VouchError('NOT_CANONICAL', {
      rule: 'reserved bytes of a quote must be zero',
      given: `offset ${HEADER.QE_SVN.offset}`,
    })
  }
  return { version, tee, qeSvn, pceSvn, userData: bytesAt(bytes, HEADER.USER_DATA) }
}

/** The body's type and size; a type is of one TEE, and has one size. */
function readDescriptor(cursor: FieldCursor, tee: Header['tee']): Body {
  const bytes = cursor.take(DESCRIPTOR_BYTES, 'body descriptor')
  const type = numberAt(bytes, DESCRIPTOR.BODY_TYPE)
  const size = numberAt(bytes, DESCRIPTOR.BODY_SIZE)
  const body = (Object.keys(BODY_TYPE) as Body[]).find((name) => BODY_TYPE[name] === type)
  if (body === undefined || (body === 'sgx') !== (tee === 'sgx'))
    throw unknown('the body of a quote must be of a type that belongs to its TEE', `body type ${type}`)
  if (size === BODY_BYTES[body]) return body
  throw new VouchError('NOT_CANONICAL', {
    rule: `a body of type ${type} must have ${BODY_BYTES[body]} bytes`,
    given: `${size}`,
  })
}

type SignatureData = Pick<
  Quote,
  | 'signature'
  | 'attestationKey'
  | 'quotingEnclave'
  | 'quotingEnclaveSignature'
  | 'authenticationData'
  | 'pckChain'
  | 'pckId'
> &
  Pick<SignedQuote, 'quotingEnclaveSigned'>

function readSignatureData(bytes: Uint8Array, version: Quote['version']): SignatureData {
  const cursor = new FieldCursor(bytes, "a quote's signature data")
  const signature = cursor.take(QUOTE_SIGNATURE_BYTES, 'signature')
  const attestationKey = cursor.take(KEY_BYTES, 'attestation key')
  // Since version 4, what vouches for the attestation key is certification data of a type of its own.
  const vouching =
    version === 3 ? cursor : new FieldCursor(certification(cursor, 'QE_REPORT'), 'the QE report')
  const quotingEnclaveSigned = vouching.take(ENCLAVE_REPORT_BYTES, 'QE report')
  const quotingEnclaveSignature = vouching.take(QUOTE_SIGNATURE_BYTES, 'QE report signature')
  const authenticationData = vouching.block(2, 'QE authentication data')
  const pck = readPck(vouching)
  vouching.end()
  cursor.end()
  return {
    signature,
    attestationKey,
    quotingEnclave: parseEnclaveReport(quotingEnclaveSigned),
    quotingEnclaveSigned,
    quotingEnclaveSignature,
    authenticationData,
    ...pck,
  }
}

/** The chain of the PCK, or what names the PCK where the quote carries none. */
function readPck(cursor: FieldCursor): Pick<Quote, 'pckChain' | 'pckId'> {
  const type = numberAt(cursor.rest(), { offset: 0, size: 2 })
  if (!isPckIdType(type)) return { pckChain: certification(cursor, 'PCK_CHAIN') }
  cursor.number(2, 'type of certification data')
  const data = new FieldCursor(cursor.block(4, 'certification data'), 'what names the PCK')
  const pckId = {
    type,
    ppid: data.take(PPID_BYTES[type], 'PPID'),
    cpuSvn: data.take(PCK_ID_BYTES.cpuSvn, 'CPUSVN'),
    pceSvn: data.number(PCK_ID_BYTES.pceSvn, 'PCESVN'),
    pceId: data.take(PCK_ID_BYTES.pceId, 'PCE-ID'),
  }
  data.end()
  return { pckChain: new Uint8Array(), pckId }
}

const isPckIdType = (type: number): type is PckId['type'] => type in PPID_BYTES

function certification(cursor: FieldCursor, wanted: keyof typeof CERTIFICATION): Uint8Array {
  const type = cursor.number(2, 'type of certification data')
  if (type !== CERTIFICATION[wanted])
    throw unknown(
      `certification data must be of type ${CERTIFICATION[wanted]} here, as a chain of certificates inside the quote is`,
      `${type}`,
    )
  return cursor.block(4, 'certification data')
}

/** The certificates that a quote carries, in DER. */
export function certificatesInQuote(bytes: Uint8Array): readonly Uint8Array[] {
  const { pckChain, pckId } = parseQuote(bytes).quote
  if (pckId !== undefined) return []
  if (pckChain[0] === DER_TAG.SEQUENCE) return derValues(pckChain, 'the PCK chain').map(({ raw }) => raw)
  return pemBlocksOnly(pckChain).map(({ der }) => der)
}

/** The part of a quote that its signature is over. */
export function encodeSignedPart(
  quote: Pick<Quote, 'version' | 'qeSvn' | 'pceSvn' | 'userData' | 'report'>,
): Uint8Array {
  const { version, qeSvn, pceSvn, userData, report } = quote
  const body = report.body === 'sgx' ? encodeEnclaveReport(report) : encodeTdReport(report)
  const header = assemble(HEADER, QUOTE_HEADER_BYTES, {
    VERSION: version,
    ATTESTATION_KEY_TYPE: ECDSA_P256,
    TEE_TYPE: teeOf(report) === 'sgx' ? TEE_TYPE.sgx : TEE_TYPE.tdx,
    QE_SVN: qeSvn,
    PCE_SVN: pceSvn,
    QE_VENDOR_ID: INTEL_QE_VENDOR,
    USER_DATA: userData,
  })
  if (version < 5) return concat(header, body)
  const descriptor = assemble(DESCRIPTOR, DESCRIPTOR_BYTES, {
    BODY_TYPE: BODY_TYPE[report.body],
    BODY_SIZE: body.length,
  })
  return concat(header, descriptor, body)
}

/** The bytes of a quote: the same that it was read from. */
export function encodeQuote(quote: Quote): Uint8Array {
  const vouching = concat(
    encodeEnclaveReport(quote.quotingEnclave),
    quote.quotingEnclaveSignature,
    littleEndian(quote.authenticationData.length, 2),
    quote.authenticationData,
    encodePck(quote),
  )
  const data = concat(
    quote.signature,
    quote.attestationKey,
    quote.version === 3 ? vouching : certified(CERTIFICATION.QE_REPORT, vouching),
  )
  return concat(encodeSignedPart(quote), littleEndian(data.length, 4), data, quote.behind)
}

function encodePck({ pckChain, pckId }: Quote): Uint8Array {
  if (pckId === undefined) return certified(CERTIFICATION.PCK_CHAIN, pckChain)
  const { type, ppid, cpuSvn, pceSvn, pceId } = pckId
  return certified(type, concat(ppid, cpuSvn, littleEndian(pceSvn, PCK_ID_BYTES.pceSvn), pceId))
}

const certified = (type: number, data: Uint8Array): Uint8Array =>
  concat(littleEndian(type, 2), littleEndian(data.length, 4), data)

/** Which hardware a report is of. */
export const teeOf = ({ body }: EnclaveReport | TdReport): 'sgx' | 'tdx' => (body === 'sgx' ? 'sgx' : 'tdx')

function unknown(rule: string, given?: string): VouchError {
  return new VouchError('ALGORITHM_UNKNOWN', given === undefined ? { rule } : { rule, given })
}
