import { toHex } from '@vouch/protocol'
import type { ExplainedField } from '../core/explain.js'
import { parseRuntimeData } from '../vendors/azure/runtime-data.js'
import { parseQeIdentity, parseTcbInfo } from '../vendors/dcap/documents.js'
import type { Level, ModuleIdentity, QeIdentity, TcbInfo } from '../vendors/dcap/types.js'
import { parseEventLog } from '../vendors/eventlog/parse.js'
import { parseTcg12 } from '../vendors/eventlog/tcg12.js'
import type { LoggedEvent } from '../vendors/eventlog/types.js'
import { HASHES, TPMA_OBJECT } from '../vendors/tpm/layout.js'
import { parsePcrs } from '../vendors/tpm/pcrs.js'
import { parsePublicArea, publicAreaBytes } from '../vendors/tpm/public-area.js'
import { date } from '../x509/chain.js'

// What evidence is judged by, where it is no structure with places: values under their vendor's names.

const field = (name: string, value: string, meaning?: string): ExplainedField => ({
  name,
  value,
  ...(meaning === undefined ? {} : { meaning }),
})

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

export function explainPcrs(bytes: Uint8Array): readonly ExplainedField[] {
  return parsePcrs(bytes).flatMap(({ bank, values }) =>
    [...values].map(([index, value]) => field(`${bank}:${index}`, toHex(value))),
  )
}

export function explainRuntimeData(bytes: Uint8Array): readonly ExplainedField[] {
  const { attestationKey, userData, vmConfiguration } = parseRuntimeData(bytes)
  return [
    field('HCLAkPub', toHex(attestationKey), 'the key of the virtual TPM, as SubjectPublicKeyInfo'),
    ...(userData === undefined ? [] : [field('user-data', toHex(userData))]),
    ...Object.entries(vmConfiguration).map(([name, value]) => field(`vm-configuration.${name}`, `${value}`)),
  ]
}

export function explainPublicArea(bytes: Uint8Array): readonly ExplainedField[] {
  const { nameHash, attributes, authPolicy, scheme, key } = parsePublicArea(publicAreaBytes(bytes))
  return [
    field('nameAlg', nameHash),
    field('objectAttributes', `0x${attributes.toString(16)}`, attributesIn(attributes)),
    field('authPolicy', toHex(authPolicy)),
    field('scheme', scheme === undefined ? 'any' : `${scheme.name}, ${scheme.hash}`),
    ...(key.type === 'rsa'
      ? [field('RSA', `${key.keyBits} bits, exponent ${key.exponent}`), field('modulus', toHex(key.modulus))]
      : [field('ECC', key.curve), field('x', toHex(key.x)), field('y', toHex(key.y))]),
  ]
}

const attributesIn = (attributes: number): string =>
  Object.entries(TPMA_OBJECT)
    .filter(([, bit]) => ((attributes >>> bit) & 1) === 1)
    .map(([name]) => name)
    .join(', ')

export const explainEventLog = (bytes: Uint8Array): readonly ExplainedField[] =>
  parseEventLog(bytes).events.flatMap(explainEvent)

export const explainTcg12 = (bytes: Uint8Array): readonly ExplainedField[] =>
  parseTcg12(bytes).flatMap(explainEvent)

/** What an event says of itself, nothing vouches for: shown is what leads to registers. */
const explainEvent = ({ register, type, digests, data }: LoggedEvent, i: number): readonly ExplainedField[] =>
  digests.map(({ algorithm, digest }) =>
    field(
      `event ${i}: register ${register}`,
      toHex(digest),
      `${hashName(algorithm)}, type 0x${type.toString(16)}, ${data.length} bytes of data`,
    ),
  )

const hashName = (algorithm: number): string =>
  Object.entries(HASHES).find(([, { id }]) => id === algorithm)?.[0] ?? `algorithm ${algorithm}`
