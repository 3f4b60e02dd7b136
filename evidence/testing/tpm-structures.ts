import { type EvidenceFile, encodeAttest, parseAttest } from '@vouch/evidence'
import { encodePublicArea } from '../src/vendors/tpm/public-area.js'
import { encodeSignature } from '../src/vendors/tpm/signature.js'
import type { TpmPublic } from '../src/vendors/tpm/types.js'
import { tpm } from './tpm.js'

// What a TPM writes beside its quotes.

const WEB = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' } as const

/** A signature of the simulated TPM's key over any bytes. */
export async function signed(content: Uint8Array, hash: keyof typeof WEB = 'sha256'): Promise<Uint8Array> {
  const algorithm = { name: 'ECDSA', hash: WEB[hash] }
  const raw = await crypto.subtle.sign(algorithm, tpm.privateKey, new Uint8Array(content))
  const [r, s] = [new Uint8Array(raw, 0, 32), new Uint8Array(raw, 32)]
  return encodeSignature({ scheme: 'ecdsa', hash, r, s })
}

const [x, y] = [tpm.spki.slice(-64, -32), tpm.spki.slice(-32)]

/** The public area of the simulated TPM's key. */
export const area: TpmPublic = {
  nameHash: 'sha256',
  attributes: 0x0005_0472,
  authPolicy: new Uint8Array(),
  scheme: { name: 'ecdsa', hash: 'sha256' },
  key: { type: 'ec', curve: 'P-256', x, y },
}

export const areaFile = (changes: Partial<TpmPublic> = {}): EvidenceFile => ({
  name: 'ak.bin',
  bytes: encodePublicArea({ ...area, ...changes }),
})

/** An attestation that a key of this name was made in the TPM of a quote. */
export async function creation(quote: Uint8Array, objectName: Uint8Array): Promise<readonly EvidenceFile[]> {
  const { attest } = parseAttest(quote)
  const bytes = encodeAttest({ ...attest, type: 'creation', objectName, creationHash: new Uint8Array(32) })
  return [
    { name: 'creation.bin', bytes },
    { name: 'creation_sig.bin', bytes: await signed(bytes) },
  ]
}
