import type { Field } from '../../core/fields.js'

/**
 * ATTESTATION_REPORT: AMD's "SEV Secure Nested Paging Firmware ABI Specification" (publication 56860, revision 1.58), section
 * 7.3, table "ATTESTATION_REPORT Structure". Names are the vendor's; numbers in it are little-endian.
 */
export const REPORT_BYTES = 0x4a0

const at = (offset: number, size: number): Field => ({ offset, size })

export const REPORT = {
  VERSION: at(0x000, 4),
  GUEST_SVN: at(0x004, 4),
  POLICY: at(0x008, 8),
  FAMILY_ID: at(0x010, 16),
  IMAGE_ID: at(0x020, 16),
  VMPL: at(0x030, 4),
  SIGNATURE_ALGO: at(0x034, 4),
  CURRENT_TCB: at(0x038, 8),
  PLATFORM_INFO: at(0x040, 8),
  KEY_INFO: at(0x048, 4), // AUTHOR_KEY_EN, MASK_CHIP_KEY, SIGNING_KEY
  REPORT_DATA: at(0x050, 64),
  MEASUREMENT: at(0x090, 48),
  HOST_DATA: at(0x0c0, 32),
  ID_KEY_DIGEST: at(0x0e0, 48),
  AUTHOR_KEY_DIGEST: at(0x110, 48),
  REPORT_ID: at(0x140, 32),
  REPORT_ID_MA: at(0x160, 32),
  REPORTED_TCB: at(0x180, 8),
  CPUID_FAM_ID: at(0x188, 1), // since version 3
  CPUID_MOD_ID: at(0x189, 1), // since version 3
  CPUID_STEP: at(0x18a, 1), // since version 3
  CHIP_ID: at(0x1a0, 64),
  COMMITTED_TCB: at(0x1e0, 8),
  CURRENT_BUILD: at(0x1e8, 1),
  CURRENT_MINOR: at(0x1e9, 1),
  CURRENT_MAJOR: at(0x1ea, 1),
  COMMITTED_BUILD: at(0x1ec, 1),
  COMMITTED_MINOR: at(0x1ed, 1),
  COMMITTED_MAJOR: at(0x1ee, 1),
  LAUNCH_TCB: at(0x1f0, 8),
  LAUNCH_MIT_VECTOR: at(0x1f8, 8), // since version 5
  CURRENT_MIT_VECTOR: at(0x200, 8), // since version 5
  SIGNATURE_R: at(0x2a0, 72), // table "Format for an ECDSA P-384 with SHA-384 Signature"
  SIGNATURE_S: at(0x2e8, 72),
} as const

/** What the signature covers: everything before it. */
export const SIGNED_BYTES = REPORT.SIGNATURE_R.offset

/** Reserved in every version: between KEY_INFO and REPORT_DATA, and behind the signature up to the end. */
export const BEFORE_REPORT_DATA = at(0x04c, 4)
export const BEHIND_SIGNATURE = at(0x330, 368)

/** Runs that the specification reserves and firmware fills with zeros, by version. */
const RESERVED: readonly Field[] = [
  BEFORE_REPORT_DATA,
  at(0x18b, 21),
  at(0x1eb, 1),
  at(0x1ef, 1),
  at(0x208, 152),
  BEHIND_SIGNATURE,
]
const SINCE_3 = at(0x188, 3)
const SINCE_5 = at(0x1f8, 16)

/** The versions that are read, with what each reserves. Between them came none that firmware was ever released with. */
export const RESERVED_IN: ReadonlyMap<number, readonly Field[]> = new Map([
  [2, [...RESERVED, SINCE_3, SINCE_5]],
  [3, [...RESERVED, SINCE_5]],
  [5, RESERVED],
])

/** Bits of POLICY (section 4.3, table "Guest Policy Structure"). */
export const POLICY_BIT = { SMT: 16n, RESERVED_ONE: 17n, MIGRATE_MA: 18n, DEBUG: 19n } as const
/** Bits 26 and up are reserved and zero. */
export const POLICY_BITS = 26n

/** KEY_INFO: bits 2 to 4 say which key signed, bits 5 and up are reserved and zero. */
export const SIGNING_KEY: ReadonlyMap<number, 'vcek' | 'vlek'> = new Map([
  [0, 'vcek'],
  [1, 'vlek'],
])
export const KEY_INFO_BITS = 5

/** PLATFORM_INFO: bits 8 and up are reserved and zero. Genuine reports have bit 6 set, so it is let be, and believed in nothing. */
export const PLATFORM_INFO_BITS = 8n

/** SIGNATURE_ALGO: ECDSA over P-384 with SHA-384. */
export const ECDSA_P384_SHA384 = 1
