/**
 * AWS's "Nitro Enclaves attestation process" (aws/aws-nitro-enclaves-nsm-api, docs/attestation_process.md), section 3.1, "COSE and
 * CBOR": a COSE_Sign1 (RFC 9052, 4.2) whose payload is a map of these members, in this order. It says how many they are, or, since
 * 2025, ends with a break.
 */
export const MEMBERS = [
  'module_id',
  'digest',
  'timestamp',
  'pcrs',
  'certificate',
  'cabundle',
  'public_key',
  'user_data',
  'nonce',
] as const

/** Limits of the same section. Registers are as long as their hash. */
export const PCR_BYTES = 48
export const MAX_PCR = 31
export const MAX_CERTIFICATE_BYTES = 1024
export const MAX_PUBLIC_KEY_BYTES = 1024
export const MAX_USER_DATA_BYTES = 512
export const MAX_NONCE_BYTES = 512
/** The section has no limit for the bundle; AWS's have four. */
export const MAX_BUNDLE = 8

/** The protected header: `{1: -35}`, ES384, and nothing else. The unprotected one is empty. */
export const PROTECTED_HEADER = Uint8Array.of(0xa1, 0x01, 0x38, 0x22)
/** Tag 18, COSE_Sign1 (RFC 9052, 2): AWS leaves it out, tools that keep documents may add it. */
export const COSE_SIGN1_TAG = 0xd2
export const ARRAY_OF_FOUR = 0x84
export const DOCUMENT_SIGNATURE_BYTES = 96
