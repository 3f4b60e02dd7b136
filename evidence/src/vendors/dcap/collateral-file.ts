import { fromHex, type JsonObject, parseJson, shown, textOf, toHex, VouchError } from '@vouch/protocol'
import { DER_TAG } from '../../core/der/der.js'
import type { EvidenceFile } from '../../core/file.js'
import { fromBase64 } from '../../core/pem.js'
import { mayBeText } from '../../core/resemblance.js'

// All collateral of a quote in one JSON file, as verifiers of quotes hand it to one another: chains as PEM, revocation lists in
// hexadecimal or base64, and Intel's documents each as the text that is signed, with its signature beside it.

const CHAINS = [
  'pck_crl_issuer_chain',
  'tcb_info_issuer_chain',
  'qe_identity_issuer_chain',
  'pck_certificate_chain',
]
/** The one member that may be null: it says that the quote carries the chain itself. */
const OPTIONAL = 'pck_certificate_chain'
const LISTS = ['root_ca_crl', 'pck_crl']
const DOCUMENTS = { tcb_info: 'tcbInfo', qe_identity: 'enclaveIdentity' } as const
const MEMBERS = [
  ...CHAINS,
  ...LISTS,
  ...Object.keys(DOCUMENTS).flatMap((name) => [name, `${name}_signature`]),
]

const MAX_COLLATERAL_BYTES = 1_048_576

/** Each member as it stands in such a file, with a text for a value: a file that speaks of collateral has other things there. */
const MARKS = MEMBERS.map((name) => new RegExp(`"${name}"\\s*:\\s*"`))

/** Whether bytes are meant as such a file: several of its members, so that damage to a name does not hide the rest. */
export function looksLikeCollateralFile(bytes: Uint8Array): boolean {
  if (bytes.length > MAX_COLLATERAL_BYTES || !mayBeText(bytes)) return false
  const text = new TextDecoder('latin1').decode(bytes)
  return MARKS.filter((mark) => mark.test(text)).length >= 3
}

export function openCollateralFile({ name: path, bytes }: EvidenceFile): readonly EvidenceFile[] {
  const json = parseJson(textOf(bytes))
  if (!(json instanceof Map)) throw malformed('a file of collateral must be an object')
  const members = json as JsonObject
  const text = (member: string): string => {
    const value = members.get(member)
    if (typeof value === 'string') return value
    throw malformed(`${member} must be a text`)
  }
  const unknown = [...members.keys()].find((member) => !MEMBERS.includes(member))
  if (unknown !== undefined) {
    throw new VouchError('MEMBER_UNKNOWN', {
      rule: 'a file of collateral must have no members but its own',
      given: shown(unknown),
    })
  }
  const fileOf = (member: string): Uint8Array => {
    if (CHAINS.includes(member)) return utf8(text(member))
    if (LISTS.includes(member)) return listIn(text(member), member)
    const root = DOCUMENTS[member as keyof typeof DOCUMENTS]
    const signature = toHex(decoded(text(`${member}_signature`)))
    return utf8(`{"${root}":${text(member)},"signature":"${signature}"}`)
  }
  return [...members.keys()]
    .filter((member) => !member.endsWith('_signature'))
    .filter((member) => member !== OPTIONAL || members.get(member) !== null)
    .map((member) => ({ name: `${path}: ${member}`, bytes: fileOf(member) }))
}

/** What does not begin as DER does is no list, and would be passed over as a file that is nothing known. */
function listIn(text: string, member: string): Uint8Array {
  const bytes = decoded(text)
  if (bytes[0] === DER_TAG.SEQUENCE) return bytes
  throw malformed(`${member} must be a revocation list`)
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Hexadecimal, or else base64. */
function decoded(text: string): Uint8Array {
  return /^[0-9a-f]+$/.test(text) ? fromHex(text) : fromBase64(text)
}

function malformed(rule: string): VouchError {
  return new VouchError('VALUE_MALFORMED', { rule })
}
