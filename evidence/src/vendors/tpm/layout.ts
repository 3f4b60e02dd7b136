/**
 * "Trusted Platform Module Library, Part 2: Structures" (revision 1.59). Names are the specification's; numbers are
 * big-endian; a TPM2B is 16 bits of length and as many bytes.
 */

/** TPM_GENERATED_VALUE (section 6.2): what a restricted key signs only when the TPM itself made it. */
export const TPM_GENERATED_VALUE = 0xff544347

/** TPM_ST (section 6.9): which attestation a TPMS_ATTEST is. */
export const TPM_ST = { ATTEST_QUOTE: 0x8018, ATTEST_CREATION: 0x801a } as const

/** TPM_ALG_ID (section 6.3). */
export const TPM_ALG = {
  RSA: 0x0001,
  NULL: 0x0010,
  RSASSA: 0x0014,
  RSAPSS: 0x0016,
  ECDSA: 0x0018,
  ECC: 0x0023,
} as const

/** TPM_ECC_CURVE (section 6.4). */
export const CURVES: ReadonlyMap<number, 'P-256' | 'P-384' | 'P-521'> = new Map([
  [0x0003, 'P-256'],
  [0x0004, 'P-384'],
  [0x0005, 'P-521'],
])

/** TPMA_OBJECT (section 8.3): bits of a key's attributes. */
export const TPMA_OBJECT = {
  fixedTPM: 1,
  fixedParent: 4,
  sensitiveDataOrigin: 5,
  restricted: 16,
  decrypt: 17,
  sign: 18,
} as const

/** TPM2B_NAME holds a hash behind its algorithm, TPM2B_DATA the same at most: 2 + 64 bytes. */
export const MAX_NAME_BYTES = 66
/** PC Client platforms select their PCRs with three bytes. */
export const PCR_SELECT_BYTES = 3
/** A bank for each hash. */
export const MAX_SELECTIONS = 4
/** An RSA key of 4,096 bits. */
export const MAX_KEY_BYTES = 512
