import { toHex } from '@vouch/protocol'
import {
  bitsOf,
  chosen,
  type ExplainedField,
  field,
  inDecimals,
  type Meaning,
  Walk,
  zeros,
} from '../../core/explain.js'
import { date } from '../../x509/chain.js'
import { parseQeIdentity, parseTcbInfo } from './documents.js'
import {
  CERTIFICATION,
  DESCRIPTOR,
  DESCRIPTOR_BYTES,
  ENCLAVE_ATTRIBUTE,
  ENCLAVE_REPORT,
  ENCLAVE_REPORT_BYTES,
  HEADER,
  KEY_BYTES,
  PCK_ID_BYTES,
  PPID_BYTES,
  QUOTE_HEADER_BYTES,
  QUOTE_SIGNATURE_BYTES,
  TD_ATTRIBUTE,
  TD_REPORT_10,
  TD_REPORT_10_BYTES,
  TD_REPORT_15,
  TD_REPORT_15_BYTES,
} from './layout.js'
import { parseQuote, teeOf } from './quote.js'
import type { Level, ModuleIdentity, QeIdentity, Quote, TcbInfo } from './types.js'

export function explainQuote(bytes: Uint8Array): readonly ExplainedField[] {
  const { quote } = parseQuote(bytes)
  const walk = new Walk(bytes)
  walk.table(HEADER, QUOTE_HEADER_BYTES, {
    VERSION: inDecimals,
    ATTESTATION_KEY_TYPE: () => 'ECDSA over P-256',
    TEE_TYPE: () => teeOf(quote.report).toUpperCase(),
    QE_SVN: inDecimals,
    PCE_SVN: inDecimals,
    QE_VENDOR_ID: () => 'Intel',
  })
  const { body } = quote.report
  if (quote.version === 5)
    walk.table(DESCRIPTOR, DESCRIPTOR_BYTES, { BODY_TYPE: () => body, BODY_SIZE: inDecimals })
  if (body === 'sgx') walk.table(ENCLAVE_REPORT, ENCLAVE_REPORT_BYTES, ENCLAVE)
  if (body === 'tdx-1.0') walk.table(TD_REPORT_10, TD_REPORT_10_BYTES, GUEST)
  if (body === 'tdx-1.5') walk.table(TD_REPORT_15, TD_REPORT_15_BYTES, { ...GUEST, MRSERVICETD: zeros })
  walk.little('signature data: size', 4)
  walk.take('signature', QUOTE_SIGNATURE_BYTES, () => 'r and s, big-endian')
  walk.take('attestation key', KEY_BYTES, () => 'x and y, big-endian')
  if (quote.version > 3) certification(walk)
  const name = (field: string): string => `QE report: ${field}`
  const table = Object.fromEntries(
    Object.entries(ENCLAVE_REPORT).map(([field, place]) => [name(field), place]),
  )
  const meanings = Object.fromEntries(
    Object.entries(ENCLAVE).map(([field, meaning]) => [name(field), meaning]),
  )
  walk.table(table, ENCLAVE_REPORT_BYTES, meanings)
  walk.take('QE report signature', QUOTE_SIGNATURE_BYTES, () => 'r and s, big-endian')
  walk.take('QE authentication data', walk.little('QE authentication data: size', 2))
  pck(walk, certification(walk), quote.pckId)
  walk.rest('behind the quote', zeros)
  return walk.fields
}

/** The chain of the PCK, or what names it. */
function pck(walk: Walk, size: number, pckId: Quote['pckId']): void {
  if (pckId === undefined) {
    walk.take('PCK chain', size, () => 'certificates: PEM, or DER one behind the other')
    return
  }
  walk.take('PPID', PPID_BYTES[pckId.type], () => (pckId.type === 1 ? 'in the clear' : 'encrypted for Intel'))
  walk.take('CPUSVN', PCK_ID_BYTES.cpuSvn)
  walk.little('PCESVN', PCK_ID_BYTES.pceSvn)
  walk.take('PCEID', PCK_ID_BYTES.pceId)
}

const CERTIFICATION_NAMES: Readonly<Record<number, string>> = {
  1: 'PPID in the clear, and TCB',
  2: 'PPID under RSA-2048, and TCB',
  3: 'PPID under RSA-3072, and TCB',
  [CERTIFICATION.PCK_CHAIN]: 'PCK chain',
  [CERTIFICATION.QE_REPORT]: 'QE report and what certifies it',
}

/** Type and size of what follows. */
function certification(walk: Walk): number {
  walk.little('certification data: type', 2, (type) => CERTIFICATION_NAMES[type])
  return walk.little('certification data: size', 4)
}

const ENCLAVE: { readonly [Name in keyof typeof ENCLAVE_REPORT]?: Meaning } = {
  ISVEXTPRODID: zeros,
  ATTRIBUTES: bitsOf(ENCLAVE_ATTRIBUTE),
  CONFIGID: zeros,
  ISVPRODID: inDecimals,
  ISVSVN: inDecimals,
  CONFIGSVN: inDecimals,
  ISVFAMILYID: zeros,
  REPORTDATA: chosen,
}

const GUEST: { readonly [Name in keyof typeof TD_REPORT_10]?: Meaning } = {
  TEE_TCB_SVN: ([svn, major]) => `TDX module: SVN ${svn}, major version ${major}`,
  MRSIGNERSEAM: (signer) => zeros(signer) && 'zeros: a module of Intel’s',
  SEAMATTRIBUTES: zeros,
  TDATTRIBUTES: ([debug, ...others]) =>
    `${debug === 0 ? '' : 'under DEBUG; '}${bitsOf(TD_ATTRIBUTE)(Uint8Array.of(debug ?? 0, ...others))}`,
  MRCONFIGID: zeros,
  MROWNER: zeros,
  MROWNERCONFIG: zeros,
  RTMR0: zeros,
  RTMR1: zeros,
  RTMR2: zeros,
  RTMR3: zeros,
  REPORTDATA: chosen,
}

export function explainTcbInfo(bytes: Uint8Array): readonly ExplainedField[] {
  const { content } = parseTcbInfo(bytes)
  return [
    ...published(content),
    field('fmspc', toHex(content.fmspc)),
    field('pceId', toHex(content.pceId)),
    ...(content.module === undefined ? [] : identity('tdxModule', content.module)),
    ...content.levels.map((level, i) =>
      field(
        `tcbLevels[${i}]`,
        `SGX ${level.sgx.join(' ')}, PCE ${level.pceSvn}${level.tdx.length === 0 ? '' : `, TDX ${level.tdx.join(' ')}`}`,
        standing(level),
      ),
    ),
    ...content.modules.flatMap((module) => [
      ...identity(`tdxModuleIdentities.${module.id}`, module),
      ...module.levels.map((level) => field(`${module.id}.isvsvn`, `${level.isvSvn}`, standing(level))),
    ]),
  ]
}

export function explainQeIdentity(bytes: Uint8Array): readonly ExplainedField[] {
  const { content } = parseQeIdentity(bytes)
  return [
    ...published(content),
    field('mrsigner', toHex(content.mrSigner)),
    field('isvprodid', `${content.isvProdId}`),
    field('miscselect', `${toHex(content.miscSelect)} under ${toHex(content.miscSelectMask)}`),
    field('attributes', `${toHex(content.attributes)} under ${toHex(content.attributesMask)}`),
    ...content.levels.map((level) => field('isvsvn', `${level.isvSvn}`, standing(level))),
  ]
}

const published = ({ id, issueDate, nextUpdate, evaluationDataNumber }: TcbInfo | QeIdentity) => [
  field('id', id),
  field('issueDate', date(issueDate)),
  field('nextUpdate', date(nextUpdate)),
  field('tcbEvaluationDataNumber', `${evaluationDataNumber}`),
]

const identity = (name: string, { mrSigner, attributes, attributesMask }: ModuleIdentity) => [
  field(`${name}.mrsigner`, toHex(mrSigner)),
  field(`${name}.attributes`, `${toHex(attributes)} under ${toHex(attributesMask)}`),
]

const standing = ({ status, date: since, advisories }: Level): string =>
  [`${status} since ${date(since)}`, ...advisories].join(', ')
