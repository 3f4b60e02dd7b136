import { VouchError } from '@vouch/protocol'
import { DER_TAG, type Der, parseDer } from '../../core/der/der.js'
import { Fields, oidText, smallInteger } from '../../core/der/fields.js'
import type { Certificate } from '../../x509/certificate.js'
import type { Platform } from './types.js'

/** The extension that makes a certificate that of a PCK: Intel's "SGX PCK Certificate and CRL Specification", 1.3.5. */
const SGX_EXTENSION = '1.2.840.113741.1.13.1'
const ID = {
  PPID: 1,
  TCB: 2,
  PCE_ID: 3,
  FMSPC: 4,
  SGX_TYPE: 5,
  PLATFORM_INSTANCE_ID: 6,
  CONFIGURATION: 7,
} as const
const COMPONENTS = 16
const PCESVN = 17
const CPUSVN = 18
const CONFIGURATION = { DYNAMIC_PLATFORM: 1, CACHED_KEYS: 2, SMT_ENABLED: 3 } as const

/** Whether this is the certificate of a PCK, the key with which a platform vouches for its quoting enclave. */
export function isPckCertificate({ extensions }: Certificate): boolean {
  return extensions.has(SGX_EXTENSION)
}

export function readPlatform(certificate: Certificate): Platform {
  const value = certificate.extensions.get(SGX_EXTENSION)?.value
  if (value === undefined) throw malformed('the certificate of a PCK must have the SGX extension')
  const members = membersOf(parseDer(value, 'the SGX extension'), SGX_EXTENSION)
  const tcb = membersOf(take(members, ID.TCB), `${SGX_EXTENSION}.${ID.TCB}`)
  const configuration = members.get(ID.CONFIGURATION)
  return {
    ppid: octets(take(members, ID.PPID), 16),
    svns: Array.from({ length: COMPONENTS }, (_, i) => number(take(tcb, i + 1), 0xff)),
    pceSvn: number(take(tcb, PCESVN), 0xffff),
    cpuSvn: octets(take(tcb, CPUSVN), 16),
    pceId: octets(take(members, ID.PCE_ID), 2),
    fmspc: octets(take(members, ID.FMSPC), 6),
    ...(configuration === undefined ? {} : { configuration: configurationOf(configuration) }),
  }
}

function configurationOf(value: Der): NonNullable<Platform['configuration']> {
  const members = membersOf(value, `${SGX_EXTENSION}.${ID.CONFIGURATION}`)
  const isSet = (id: number): boolean => {
    const flag = members.get(id)
    if (flag !== undefined && flag.tag !== DER_TAG.BOOLEAN) throw malformed('a flag must be a boolean')
    return flag?.content[0] === 0xff
  }
  return {
    dynamicPlatform: isSet(CONFIGURATION.DYNAMIC_PLATFORM),
    cachedKeys: isSet(CONFIGURATION.CACHED_KEYS),
    smtEnabled: isSet(CONFIGURATION.SMT_ENABLED),
  }
}

/** A sequence of pairs: an identifier one step below its parent's, and a value. */
function membersOf(sequence: Der, parent: string): ReadonlyMap<number, Der> {
  if (sequence.tag !== DER_TAG.SEQUENCE) throw malformed('the SGX extension must be made of sequences')
  const members = new Map<number, Der>()
  for (const part of sequence.parts) {
    const pair = new Fields(part, 'a pair of the SGX extension')
    const oid = oidText(pair.take(DER_TAG.OID, 'identifier'))
    const id = oid.startsWith(`${parent}.`) ? Number(oid.slice(parent.length + 1)) : Number.NaN
    const [, value, ...others] = part.parts
    if (!Number.isInteger(id) || members.has(id) || value === undefined || others.length > 0)
      throw malformed('the SGX extension must have each of its own identifiers once, with one value')
    members.set(id, value)
  }
  return members
}

function take(members: ReadonlyMap<number, Der>, id: number): Der {
  const member = members.get(id)
  if (member !== undefined) return member
  throw malformed(`the SGX extension must have its member ${id}`)
}

function octets({ tag, content }: Der, size: number): Uint8Array {
  if (tag === DER_TAG.OCTET_STRING && content.length === size) return content
  throw malformed(`a member of the SGX extension must be ${size} bytes`)
}

function number(value: Der, max: number): number {
  const found = value.tag === DER_TAG.INTEGER ? smallInteger(value, 'an SVN') : Number.NaN
  if (found <= max) return found
  throw malformed('an SVN must be a small number')
}

function malformed(rule: string): VouchError {
  return new VouchError('CERTIFICATE_MALFORMED', { rule })
}
