import { concat, fromInteger, shown, toInteger, VouchError } from '@vouch/protocol'
import { bytesAt, type Field } from '../../core/fields.js'
import { allButOne } from '../../core/resemblance.js'
import { onePart, type Sorted } from '../sorted.js'
import {
  BEFORE_REPORT_DATA,
  BEHIND_SIGNATURE,
  ECDSA_P384_SHA384,
  KEY_INFO_BITS,
  PLATFORM_INFO_BITS,
  POLICY_BIT,
  POLICY_BITS,
  REPORT,
  REPORT_BYTES,
  RESERVED_IN,
  SIGNING_KEY,
} from './layout.js'
import type { EndorsementKey, SnpEvidence, SnpReport } from './types.js'

type FieldName = keyof typeof REPORT

/** A report with what tools write behind it: certificates, padding. What is longer holds something else. */
const MAX_FILE_BYTES = 65_536

/** Whether bytes are meant as a report: by what every report has in common, of which one thing may be damaged. */
export function looksLikeReport(bytes: Uint8Array): boolean {
  if (bytes.length < REPORT_BYTES || bytes.length > MAX_FILE_BYTES) return false
  const number = (name: FieldName): bigint => toInteger(bytesAt(bytes, REPORT[name]).toReversed())
  const isZero = (place: Field): boolean => bytesAt(bytes, place).every((byte) => byte === 0)
  return allButOne([
    number('VERSION') > 0n && number('VERSION') < 16n,
    number('SIGNATURE_ALGO') === BigInt(ECDSA_P384_SHA384),
    isSoundPolicy(number('POLICY')),
    isZero(BEFORE_REPORT_DATA),
    isZero(BEHIND_SIGNATURE),
  ])
}

/** A report with the certificates and lists that came along. */
export function parseSnp({ parts, certificates, revocationLists }: Sorted): SnpEvidence {
  const { bytes: file } = onePart(parts, 'snp-report')
  const bytes = file.subarray(0, REPORT_BYTES)
  const trailing = file.subarray(REPORT_BYTES)
  return { format: 'snp', report: parseReport(bytes), bytes, trailing, certificates, revocationLists }
}

export function parseReport(bytes: Uint8Array): SnpReport {
  if (bytes.length !== REPORT_BYTES) {
    throw new VouchError(bytes.length < REPORT_BYTES ? 'TRUNCATED' : 'TRAILING_BYTES', {
      rule: `an SNP report must have ${REPORT_BYTES} bytes`,
      given: `${bytes.length}`,
    })
  }
  const slice = (name: FieldName): Uint8Array =>
    bytes.slice(REPORT[name].offset, REPORT[name].offset + REPORT[name].size)
  const big = (name: FieldName): bigint => toInteger(slice(name).reverse())
  const small = (name: FieldName): number => Number(big(name))

  const version = versionOf(small('VERSION'))
  assertReserved(bytes, version)
  const policy = big('POLICY')
  if (!isSoundPolicy(policy)) throw reserved('POLICY', policy)
  if (big('PLATFORM_INFO') >> PLATFORM_INFO_BITS !== 0n) throw reserved('PLATFORM_INFO', big('PLATFORM_INFO'))
  if (small('KEY_INFO') >>> KEY_INFO_BITS !== 0) throw reserved('KEY_INFO', small('KEY_INFO'))
  if (small('SIGNATURE_ALGO') !== ECDSA_P384_SHA384) {
    throw new VouchError('ALGORITHM_UNKNOWN', {
      rule: 'an SNP report must be signed by ECDSA over P-384 with SHA-384',
      given: `SIGNATURE_ALGO ${small('SIGNATURE_ALGO')}`,
    })
  }
  return {
    version,
    guestSvn: small('GUEST_SVN'),
    policy,
    familyId: slice('FAMILY_ID'),
    imageId: slice('IMAGE_ID'),
    vmpl: small('VMPL'),
    currentTcb: slice('CURRENT_TCB'),
    platformInfo: big('PLATFORM_INFO'),
    keyInfo: small('KEY_INFO'),
    reportData: slice('REPORT_DATA'),
    measurement: slice('MEASUREMENT'),
    hostData: slice('HOST_DATA'),
    idKeyDigest: slice('ID_KEY_DIGEST'),
    authorKeyDigest: slice('AUTHOR_KEY_DIGEST'),
    reportId: slice('REPORT_ID'),
    reportIdMa: slice('REPORT_ID_MA'),
    reportedTcb: slice('REPORTED_TCB'),
    cpuid: [small('CPUID_FAM_ID'), small('CPUID_MOD_ID'), small('CPUID_STEP')],
    chipId: slice('CHIP_ID'),
    committedTcb: slice('COMMITTED_TCB'),
    currentFirmware: [small('CURRENT_BUILD'), small('CURRENT_MINOR'), small('CURRENT_MAJOR')],
    committedFirmware: [small('COMMITTED_BUILD'), small('COMMITTED_MINOR'), small('COMMITTED_MAJOR')],
    launchTcb: slice('LAUNCH_TCB'),
    launchMitigations: big('LAUNCH_MIT_VECTOR'),
    currentMitigations: big('CURRENT_MIT_VECTOR'),
    signature: { r: slice('SIGNATURE_R'), s: slice('SIGNATURE_S') },
  }
}

/** The bytes of a report: the same that it was read from. */
export function encodeReport(report: SnpReport): Uint8Array {
  const bytes = new Uint8Array(REPORT_BYTES)
  const put = (name: FieldName, value: Uint8Array | bigint | number): void => {
    const { offset, size } = REPORT[name]
    const field = value instanceof Uint8Array ? value : fromInteger(value, size).reverse()
    if (field.length !== size)
      throw new VouchError('VALUE_MALFORMED', {
        rule: `${name} must have ${size} bytes`,
        given: `${field.length}`,
      })
    bytes.set(field, offset)
  }
  put('VERSION', report.version)
  put('GUEST_SVN', report.guestSvn)
  put('POLICY', report.policy)
  put('FAMILY_ID', report.familyId)
  put('IMAGE_ID', report.imageId)
  put('VMPL', report.vmpl)
  put('SIGNATURE_ALGO', ECDSA_P384_SHA384)
  put('CURRENT_TCB', report.currentTcb)
  put('PLATFORM_INFO', report.platformInfo)
  put('KEY_INFO', report.keyInfo)
  put('REPORT_DATA', report.reportData)
  put('MEASUREMENT', report.measurement)
  put('HOST_DATA', report.hostData)
  put('ID_KEY_DIGEST', report.idKeyDigest)
  put('AUTHOR_KEY_DIGEST', report.authorKeyDigest)
  put('REPORT_ID', report.reportId)
  put('REPORT_ID_MA', report.reportIdMa)
  put('REPORTED_TCB', report.reportedTcb)
  put('CPUID_FAM_ID', report.cpuid[0])
  put('CPUID_MOD_ID', report.cpuid[1])
  put('CPUID_STEP', report.cpuid[2])
  put('CHIP_ID', report.chipId)
  put('COMMITTED_TCB', report.committedTcb)
  put('CURRENT_BUILD', report.currentFirmware[0])
  put('CURRENT_MINOR', report.currentFirmware[1])
  put('CURRENT_MAJOR', report.currentFirmware[2])
  put('COMMITTED_BUILD', report.committedFirmware[0])
  put('COMMITTED_MINOR', report.committedFirmware[1])
  put('COMMITTED_MAJOR', report.committedFirmware[2])
  put('LAUNCH_TCB', report.launchTcb)
  put('LAUNCH_MIT_VECTOR', report.launchMitigations)
  put('CURRENT_MIT_VECTOR', report.currentMitigations)
  put('SIGNATURE_R', report.signature.r)
  put('SIGNATURE_S', report.signature.s)
  return bytes
}

/** Which key the report says it was signed with. */
export function signingKeyOf({ keyInfo }: SnpReport): EndorsementKey {
  const number = (keyInfo >> 2) & 7
  const key = SIGNING_KEY.get(number)
  if (key !== undefined) return key
  throw new VouchError('ALGORITHM_UNKNOWN', {
    rule: 'an SNP report must be signed by a VCEK or a VLEK',
    given: `SIGNING_KEY ${number}`,
  })
}

/**
 * The signature as WebCrypto takes it, r and s big-endian in 48 bytes each; nothing when one of them needs more, as then
 * there is no key that made it.
 */
export function reportSignature({ signature: { r, s } }: SnpReport): Uint8Array | undefined {
  const halves = [r, s].map((half) => half.slice().reverse())
  const fits = halves.every((half) => half.subarray(0, half.length - 48).every((byte) => byte === 0))
  return fits ? concat(...halves.map((half) => half.subarray(half.length - 48))) : undefined
}

function versionOf(version: number): SnpReport['version'] {
  if (version === 2 || version === 3 || version === 5) return version
  throw new VouchError('VERSION_UNKNOWN', {
    rule: 'an SNP report must have version 2, 3 or 5',
    given: shown(version),
    hint: 'a newer release may read it',
  })
}

function isSoundPolicy(policy: bigint): boolean {
  return policy >> POLICY_BITS === 0n && ((policy >> POLICY_BIT.RESERVED_ONE) & 1n) === 1n
}

function assertReserved(bytes: Uint8Array, version: number): void {
  for (const { offset, size } of RESERVED_IN.get(version) ?? []) {
    const wrong = bytes.subarray(offset, offset + size).findIndex((byte) => byte !== 0)
    if (wrong >= 0) {
      throw new VouchError('NOT_CANONICAL', {
        rule: 'reserved bytes of an SNP report must be zero',
        given: `offset ${offset + wrong} is ${bytes[offset + wrong]}`,
      })
    }
  }
}

function reserved(field: string, value: bigint | number): VouchError {
  return new VouchError('NOT_CANONICAL', {
    rule: `reserved bits of ${field} must be what the specification says`,
    given: `0x${value.toString(16)}`,
  })
}
