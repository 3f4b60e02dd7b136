import { VouchError } from '@vouch/protocol'
import { context, DER_TAG, type Der, parseDer } from '../../core/der/der.js'
import { Fields, oidText, smallInteger } from '../../core/der/fields.js'
import type { Certificate } from '../../x509/certificate.js'

/** TCG's "DICE Attestation Architecture", 6.1: what firmware a key was made for. NVIDIA has two forms of it. */
const TCB_INFO = '2.23.133.5.4.1'
const TCB_INFO_FIELDS = '2.23.133.5.4.1.1'
const SHA_384 = '2.16.840.1.101.3.4.2.2'

/** Whether this is the certificate of a device's attestation key. */
export function isDeviceLeaf({ extensions }: Certificate): boolean {
  return extensions.has(TCB_INFO) || extensions.has(TCB_INFO_FIELDS)
}

export interface DiceContent {
  /** Digests of firmware, SHA-384. */
  readonly fwids: readonly Uint8Array[]
  /** The key that certified this one, where the form repeats it. */
  readonly deviceKey?: Uint8Array
}

export function readDice({ extensions }: Certificate): DiceContent {
  const composite = extensions.get(TCB_INFO)?.value
  const fields = extensions.get(TCB_INFO_FIELDS)?.value
  if (composite !== undefined) return compositeForm(parseDer(composite, 'TcbInfo'))
  if (fields !== undefined) return fieldForm(parseDer(fields, 'TcbInfo'))
  throw malformed("a device's certificate must say what firmware its key is for")
}

/** Version 1, the device's key, one FWID. */
function compositeForm(value: Der): DiceContent {
  const fields = new Fields(value, 'TcbInfo')
  if (smallInteger(fields.take(DER_TAG.INTEGER, 'version'), 'version') !== 1)
    throw malformed('TcbInfo must have version 1')
  const deviceKey = fields.take(DER_TAG.SEQUENCE, 'device key').raw
  const fwid = fwidOf(fields.take(DER_TAG.SEQUENCE, 'FWID'))
  fields.end()
  return { fwids: [fwid], deviceKey }
}

/** DiceTcbInfo: optional fields under ascending tags, of which the list of FWIDs is read. */
function fieldForm({ tag, parts }: Der): DiceContent {
  const ascends = parts.every((part, i) => i === 0 || numberOf(part) > numberOf(parts[i - 1] ?? part))
  const list = parts.find((part) => part.tag === context(6))
  if (tag !== DER_TAG.SEQUENCE || !ascends || list === undefined || list.parts.length === 0)
    throw malformed('DiceTcbInfo must hold FWIDs')
  return { fwids: list.parts.map(fwidOf) }
}

const numberOf = ({ tag }: Der): number => tag & 0x1f

function fwidOf(value: Der): Uint8Array {
  const fields = new Fields(value, 'FWID')
  const algorithm = oidText(fields.take(DER_TAG.OID, 'hash'))
  const digest = fields.take(DER_TAG.OCTET_STRING, 'digest').content
  fields.end()
  if (algorithm === SHA_384 && digest.length === 48) return digest
  throw malformed('a FWID must be a SHA-384 digest')
}

function malformed(rule: string): VouchError {
  return new VouchError('CERTIFICATE_MALFORMED', { rule })
}
