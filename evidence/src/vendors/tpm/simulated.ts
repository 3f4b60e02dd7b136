import { sha256 } from '@noble/hashes/sha2.js'
import { concat } from '@vouch/protocol'
import type { EvidenceFile } from '../../core/file.js'
import { type KeyCertificate, keyCertificate } from '../../x509/issue/key-certificate.js'
import { issuerOf, RSA_SHA256, rawSignature } from '../../x509/issue/schemes.js'
import { encodeAttest } from './attest.js'
import { printPcrs } from './pcrs.js'
import { encodeSignature } from './signature.js'
import type { PcrBank, TpmQuote, TpmSignature } from './types.js'

/** Certificates and keys of an authority that vouches for nobody: `fixtures/simulated-tpm`. They are public, all of them. */
export interface SimulatedAuthorityKeys {
  readonly root: Uint8Array
  readonly rootKey: Uint8Array
  readonly intermediate: Uint8Array
  readonly intermediateKey: Uint8Array
}

/** A TPM that does not exist: its attestation key. */
export interface SimulatedTpm {
  readonly privateKey: CryptoKey
  readonly spki: Uint8Array
}

/** What a simulated quote says; the rest is as an ordinary TPM has it. */
export interface SimulatedQuote {
  readonly extraData: Uint8Array
  /** Values of the SHA-256 bank. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  /** Any field of the quote otherwise than all this makes it. */
  readonly fields?: Partial<Omit<TpmQuote, 'type'>>
}

/** Makes quotes, and certificates of attestation keys, that are worth nothing. */
export interface SimulatedAuthority {
  /** Quote, signature, PCR values, certificate of the attestation key, intermediate and root. */
  attest(tpm: SimulatedTpm, quote: SimulatedQuote): Promise<readonly EvidenceFile[]>
  /** A certificate of a key, by the intermediate. */
  certify(spki: Uint8Array, content?: Partial<KeyCertificate>): Promise<Uint8Array>
}

const ECDSA_P256 = { name: 'ECDSA', namedCurve: 'P-256' }

/** 2025-01-01 to 2049-12-31: the simulated keys' certificates outlive the tests. */
const USUAL = {
  serial: 1,
  commonName: 'SIMULATED-AK',
  notBefore: 1_735_689_600,
  notAfter: 2_524_607_999,
} as const

/** A TPM with an attestation key of its own. */
export async function newSimulatedTpm(): Promise<SimulatedTpm> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ECDSA_P256, true, ['sign', 'verify'])
  return { privateKey, spki: new Uint8Array(await crypto.subtle.exportKey('spki', publicKey)) }
}

export function simulatedAuthority(keys: SimulatedAuthorityKeys): SimulatedAuthority {
  const certify: SimulatedAuthority['certify'] = async (spki, content) => {
    const issuer = await issuerOf(keys.intermediate, keys.intermediateKey, RSA_SHA256)
    return keyCertificate({ ...USUAL, spki, ...content }, issuer)
  }
  return {
    certify,
    async attest(tpm, { extraData, pcrs, fields }) {
      const bank: PcrBank = { bank: 'sha256', values: pcrs }
      const content = encodeAttest({ ...quoteOf(extraData, bank), ...fields })
      return [
        { name: 'quote_msg.bin', bytes: content },
        { name: 'quote_sig.bin', bytes: encodeSignature(await signEcdsa(tpm.privateKey, content)) },
        { name: 'pcrs.json', bytes: new TextEncoder().encode(printPcrs(bank)) },
        { name: 'ak.der', bytes: await certify(tpm.spki) },
        { name: 'intermediate.der', bytes: keys.intermediate },
        { name: 'root.der', bytes: keys.root },
      ]
    },
  }
}

/** A quote over all the values of a bank. */
export function quoteOf(extraData: Uint8Array, { bank, values }: PcrBank): TpmQuote {
  return {
    type: 'quote',
    qualifiedSigner: concat(Uint8Array.of(0, 0x0b), new Uint8Array(32)),
    extraData,
    clock: 1_000n,
    resetCount: 1,
    restartCount: 0,
    safe: true,
    firmwareVersion: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0),
    selections: [{ hash: bank, pcrs: [...values.keys()] }],
    pcrDigest: sha256(concat(...values.values())),
  }
}

async function signEcdsa(key: CryptoKey, content: Uint8Array): Promise<TpmSignature> {
  const raw = await rawSignature(key, 'SHA-256', content)
  return { scheme: 'ecdsa', hash: 'sha256', r: raw.slice(0, 32), s: raw.slice(32) }
}
