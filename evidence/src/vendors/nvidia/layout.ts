/**
 * DMTF's "Security Protocol and Data Model Specification" (DSP0274), version 1.1.0: table "GET_MEASUREMENTS request message
 * format" followed by table "Successful MEASUREMENTS response message format". Numbers are little-endian.
 */
export const REQUEST_BYTES = 37
export const NONCE_BYTES = 32

/** SPDMVersion 1.1, GET_MEASUREMENTS, Param1: a signature is wanted, Param2: all measurements. */
export const REQUEST_HEADER = Uint8Array.of(0x11, 0xe0, 0x01, 0xff)
/** SPDMVersion 1.1, MEASUREMENTS, Param1: reserved. */
export const RESPONSE_HEADER = Uint8Array.of(0x11, 0x60, 0x00)

/** Each block: index, specification 1 (DMTF), size of what follows; then type 1 (a digest of mutable firmware), size, SHA-384. */
export const BLOCK_BYTES = 55
export const BLOCK_SPECIFICATION = 1
export const BLOCK_VALUE_TYPE = 1
export const SPDM_DIGEST_BYTES = 48
/** ECDSA over P-384: r and s side by side, big-endian. */
export const SPDM_SIGNATURE_BYTES = 96

/** Types of NVIDIA's opaque data that mean something here: its "Attestation SDK" (nv-attestation-sdk-cpp), opaque data parser. */
export const OPAQUE = {
  DRIVER_VERSION: 3,
  VBIOS_VERSION: 6,
  FWID: 20,
} as const
