// Where things lie in a quote: offset and size of every field, in the words of Intel's "SGX ECDSA QuoteLibReference DCAP API"
// (appendix A, version 3) and "TDX DCAP Quoting Library API" (appendix A, versions 4 and 5). All numbers are little-endian.

import type { Field } from '../../core/fields.js'

const at = (offset: number, size: number): Field => ({ offset, size })

/** A.3.1, "Quote Header". Version 3 has QE SVN and PCE SVN where later versions reserve four bytes. */
export const QUOTE_HEADER_BYTES = 48
export const HEADER = {
  VERSION: at(0, 2),
  ATTESTATION_KEY_TYPE: at(2, 2),
  TEE_TYPE: at(4, 4),
  QE_SVN: at(8, 2),
  PCE_SVN: at(10, 2),
  QE_VENDOR_ID: at(12, 16),
  USER_DATA: at(28, 20),
} as const

/** A.3.2 of version 5, "Quote Body Descriptor": in front of the body, and signed with it. */
export const DESCRIPTOR_BYTES = 6
export const DESCRIPTOR = { BODY_TYPE: at(0, 2), BODY_SIZE: at(2, 4) } as const

/** "Enclave Report Body": of an SGX quote's enclave, and of the quoting enclave in every quote. */
export const ENCLAVE_REPORT_BYTES = 384
export const ENCLAVE_REPORT = {
  CPUSVN: at(0, 16),
  MISCSELECT: at(16, 4),
  ISVEXTPRODID: at(32, 16),
  ATTRIBUTES: at(48, 16),
  MRENCLAVE: at(64, 32),
  MRSIGNER: at(128, 32),
  CONFIGID: at(192, 64),
  ISVPRODID: at(256, 2),
  ISVSVN: at(258, 2),
  CONFIGSVN: at(260, 2),
  ISVFAMILYID: at(304, 16),
  REPORTDATA: at(320, 64),
} as const
export const ENCLAVE_REPORT_RESERVED: readonly Field[] = [at(20, 12), at(96, 32), at(160, 32), at(262, 42)]

/** "TD Quote Body" for TDX 1.0, all of it in use. */
export const TD_REPORT_10_BYTES = 584
export const TD_REPORT_10 = {
  TEE_TCB_SVN: at(0, 16),
  MRSEAM: at(16, 48),
  MRSIGNERSEAM: at(64, 48),
  SEAMATTRIBUTES: at(112, 8),
  TDATTRIBUTES: at(120, 8),
  XFAM: at(128, 8),
  MRTD: at(136, 48),
  MRCONFIGID: at(184, 48),
  MROWNER: at(232, 48),
  MROWNERCONFIG: at(280, 48),
  RTMR0: at(328, 48),
  RTMR1: at(376, 48),
  RTMR2: at(424, 48),
  RTMR3: at(472, 48),
  REPORTDATA: at(520, 64),
} as const

/** "TD Quote Body" for TDX 1.5: that of 1.0, and two more. */
export const TD_REPORT_15_BYTES = 648
export const TD_REPORT_15 = {
  ...TD_REPORT_10,
  TEE_TCB_SVN_2: at(584, 16),
  MRSERVICETD: at(600, 48),
} as const

/** Body types of version 5. Earlier versions tell the body by the TEE type. */
export const BODY_TYPE = { sgx: 1, 'tdx-1.0': 2, 'tdx-1.5': 3 } as const
export const BODY_BYTES = {
  sgx: ENCLAVE_REPORT_BYTES,
  'tdx-1.0': TD_REPORT_10_BYTES,
  'tdx-1.5': TD_REPORT_15_BYTES,
} as const

export const TEE_TYPE = { sgx: 0x00, tdx: 0x81 } as const

/** ECDSA-256-with-P-256 curve: the one type of attestation key there is. */
export const ECDSA_P256 = 2
export const KEY_BYTES = 64
export const QUOTE_SIGNATURE_BYTES = 64

/** Types of certification data: 5 is the chain of the PCK certificate, 6 the quoting enclave's report around it. */
export const CERTIFICATION = { PCK_CHAIN: 5, QE_REPORT: 6 } as const

/** Types that name the PCK ("sgx_quote_3.h"), each with the size of its PPID: in the clear, under RSA-2048, under RSA-3072. */
export const PPID_BYTES = { 1: 16, 2: 256, 3: 384 } as const
/** What follows the PPID. PCESVN is a little-endian number; PCE-ID has the order of bytes that a certificate gives it. */
export const PCK_ID_BYTES = { cpuSvn: 16, pceSvn: 2, pceId: 2 } as const

/** 939a7233-f79c-4ca9-940a-0db3957f0607: Intel's quoting enclaves. */
export const INTEL_QE_VENDOR = Uint8Array.of(
  ...[0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07],
)

/**
 * Bits of TDATTRIBUTES ("TDX Module Base Architecture Specification", table "ATTRIBUTES Definition"). The first eight put a
 * guest under debug; one of them is enough for it not to be trusted.
 */
export const TD_ATTRIBUTE = {
  LASS: 27n,
  SEPT_VE_DISABLE: 28n,
  MIGRATABLE: 29n,
  PKS: 30n,
  KL: 31n,
  TPA: 62n,
  PERFMON: 63n,
} as const
export const TD_UNDER_DEBUG = 0xffn

/** Bits of an enclave's ATTRIBUTES ("Software Developer's Manual" 3D, table "Bits of ATTRIBUTES"). */
export const ENCLAVE_ATTRIBUTE = { DEBUG: 1n, MODE64BIT: 2n, PROVISION_KEY: 4n, EINITTOKEN_KEY: 5n } as const
