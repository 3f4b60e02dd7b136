import type { EvidenceFile } from '../../core/file.js'
import { type SimulatedRevocation, simulatedRevocationList } from '../../x509/issue/certificates.js'
import { type KeyCertificate, keyCertificate } from '../../x509/issue/key-certificate.js'
import { ECDSA_SHA384, issuerOf, rawSignature, signingKey } from '../../x509/issue/schemes.js'
import { encodeDocument, encodePayload, signedBytes } from './document.js'
import type { NitroDocument } from './types.js'

/** Certificates and keys of simulated enclaves in DER: `fixtures/simulated-nitro`. They are public, all of them. */
export interface SimulatedNitroKeys {
  readonly root: Uint8Array
  readonly rootKey: Uint8Array
  readonly intermediate: Uint8Array
  readonly intermediateKey: Uint8Array
  /** The key of every simulated enclave, and its SubjectPublicKeyInfo. */
  readonly leafKey: Uint8Array
  readonly leafSpki: Uint8Array
}

/** An enclave that does not exist. */
export interface SimulatedEnclave {
  /** PCR0 to PCR2. */
  readonly image: readonly [pcr0: Uint8Array, pcr1: Uint8Array, pcr2: Uint8Array]
  /** When the document is made: seconds since 1970. */
  readonly at: number
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
  /** Members of the document, and of its certificate, otherwise than all this makes them. */
  readonly fields?: Partial<NitroDocument>
  readonly certificate?: Partial<KeyCertificate>
}

export interface SimulatedNitro {
  attest(enclave: SimulatedEnclave): Promise<readonly EvidenceFile[]>
  /** A revocation list that the root or the intermediate signs. */
  revoke(issuer: 'root' | 'intermediate', content: SimulatedRevocation): Promise<EvidenceFile>
}

/** A leaf lives three hours, as AWS's do. */
const LIFE = 3 * 3600
const PCRS = 16

/** Makes attestation documents that are worth nothing, in the form that AWS writes today; `indefinite: []` among `fields` makes one of before 2025. */
export function simulatedNitro(keys: SimulatedNitroKeys): SimulatedNitro {
  const issuer = (name: 'root' | 'intermediate') => issuerOf(keys[name], keys[`${name}Key`], ECDSA_SHA384)
  return {
    async attest({ image, at, userData, nonce, fields, certificate }) {
      const content: KeyCertificate = {
        serial: 1,
        commonName: 'SIMULATED-ENCLAVE',
        spki: keys.leafSpki,
        notBefore: at - 5,
        notAfter: at + LIFE,
        ...certificate,
      }
      const registers = Array.from({ length: PCRS }, (_, i) => image[i] ?? new Uint8Array(48))
      const payload = encodePayload({
        moduleId: 'i-simulated-enc0000000000000000',
        timestamp: at * 1000,
        pcrs: new Map(registers.entries()),
        certificate: await keyCertificate(content, await issuer('intermediate')),
        caBundle: [keys.root, keys.intermediate],
        indefinite: ['payload'],
        ...(userData === undefined ? {} : { userData }),
        ...(nonce === undefined ? {} : { nonce }),
        ...fields,
      })
      const key = await signingKey(keys.leafKey, ECDSA_SHA384.key)
      const signature = await rawSignature(key, 'SHA-384', signedBytes(payload))
      return [{ name: 'attestation_doc.cbor', bytes: encodeDocument({ payload, signature }) }]
    },
    async revoke(name, content) {
      return { name: `${name}.crl`, bytes: await simulatedRevocationList(content, await issuer(name)) }
    },
  }
}
