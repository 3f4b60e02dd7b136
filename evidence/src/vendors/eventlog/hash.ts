import { sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha384, sha512 } from '@noble/hashes/sha2.js'
import type { TpmHash } from '../tpm/layout.js'

/** SHA-1 is here to say that a quote is what it is, and then that it is not good enough. */
const FUNCTIONS: Readonly<Record<TpmHash, (bytes: Uint8Array) => Uint8Array>> = {
  sha1,
  sha256,
  sha384,
  sha512,
}

export const hashOf = (hash: TpmHash, bytes: Uint8Array): Uint8Array => FUNCTIONS[hash](bytes)
