import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'

// Banks of PCRs, which event logs lead to and quotes speak of.

/** "TCG Algorithm Registry", table 3: the hash algorithms that a bank of PCRs or a signature may have. */
export const HASHES = {
  sha1: { id: 0x0004, bytes: 20, web: 'SHA-1' },
  sha256: { id: 0x000b, bytes: 32, web: 'SHA-256' },
  sha384: { id: 0x000c, bytes: 48, web: 'SHA-384' },
  sha512: { id: 0x000d, bytes: 64, web: 'SHA-512' },
} as const

export type TpmHash = keyof typeof HASHES

/** PC Client platforms have 24 PCRs. */
export const PCR_COUNT = 24

/** SHA-1 is here to say that a quote is what it is, and then that it is not good enough. */
const FUNCTIONS: Readonly<Record<TpmHash, (bytes: Uint8Array) => Uint8Array>> = {
  sha1,
  sha256,
  sha384,
  sha512,
}

export const hashOf = (hash: TpmHash, bytes: Uint8Array): Uint8Array => FUNCTIONS[hash](bytes)
