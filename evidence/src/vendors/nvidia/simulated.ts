import { context, DER_TAG } from '../../core/der/der.js'
import { value as derValue, integer, oid, sequence } from '../../core/der/write.js'
import type { EvidenceFile } from '../../core/file.js'
import { parseCertificate } from '../../x509/certificate.js'
import { type SimulatedRevocation, simulatedRevocationList } from '../../x509/issue/certificates.js'
import { type KeyCertificate, keyCertificate } from '../../x509/issue/key-certificate.js'
import { ECDSA_SHA384, issuerOf, rawSignature, signingKey } from '../../x509/issue/schemes.js'
import { OPAQUE, SPDM_SIGNATURE_BYTES } from './layout.js'
import { encodeSpdm } from './spdm.js'
import type { SpdmMessage } from './types.js'

/** Certificates and keys of simulated GPUs in DER: `fixtures/simulated-nvidia`. They are public, all of them. */
export interface SimulatedNvidiaKeys {
  readonly root: Uint8Array
  readonly rootKey: Uint8Array
  /** The device's own certificate, which certifies the key that signs. */
  readonly device: Uint8Array
  readonly deviceKey: Uint8Array
  readonly leafKey: Uint8Array
  readonly leafSpki: Uint8Array
}

/** A GPU that does not exist. */
export interface SimulatedGpu {
  readonly nonce: Uint8Array
  readonly driver?: string
  readonly fwid?: Uint8Array
  /** Which form of TcbInfo its certificate has. */
  readonly form?: 'composite' | 'fields'
  /** Fields of the message, of the certificate, and the key in TcbInfo, otherwise than all this makes them. */
  readonly fields?: Partial<SpdmMessage>
  readonly certificate?: Partial<KeyCertificate>
  readonly certifiedBy?: Uint8Array
}

export interface SimulatedNvidia {
  attest(gpu: SimulatedGpu): Promise<readonly EvidenceFile[]>
  /** A revocation list that the root signs, or a device, which may not. */
  revoke(issuer: 'root' | 'device', content: SimulatedRevocation): Promise<EvidenceFile>
}

const NOT_BEFORE = 1_577_836_800
const NOT_AFTER = 2_524_607_999
const FWID = new Uint8Array(48).fill(0xf1)
const TCB_INFO = { composite: '2.23.133.5.4.1', fields: '2.23.133.5.4.1.1' } as const

/** Makes GPU evidence that is worth nothing. */
export function simulatedNvidia(keys: SimulatedNvidiaKeys): SimulatedNvidia {
  return {
    async attest({
      nonce,
      driver = '590.12',
      fwid = FWID,
      form = 'composite',
      fields,
      certificate,
      certifiedBy,
    }) {
      const { spki } = parseCertificate(keys.device)
      const tcbInfo =
        form === 'composite'
          ? sequence(integer(1), certifiedBy ?? spki, fwidOf(fwid))
          : sequence(derValue(context(6), fwidOf(fwid), fwidOf(new Uint8Array(48))))
      const content: KeyCertificate = {
        serial: 1,
        commonName: 'SIMULATED-GPU FMC',
        spki: keys.leafSpki,
        notBefore: NOT_BEFORE,
        notAfter: NOT_AFTER,
        extensions: [[TCB_INFO[form], tcbInfo]],
        ...certificate,
      }
      const leaf = await keyCertificate(content, await issuerOf(keys.device, keys.deviceKey, ECDSA_SHA384))
      const unsigned = {
        nonce,
        slot: 0,
        responderNonce: new Uint8Array(32).fill(0x5e),
        measurements: Array.from({ length: 64 }, (_, i) => new Uint8Array(48).fill(i)),
        opaque: [
          { type: OPAQUE.VBIOS_VERSION, value: Uint8Array.of(0, 0xa5, 0, 0x96, 1, 0, 0, 0) },
          { type: OPAQUE.DRIVER_VERSION, value: new TextEncoder().encode(`${driver}\0`) },
          { type: OPAQUE.FWID, value: fwid },
        ],
        signature: new Uint8Array(SPDM_SIGNATURE_BYTES),
        trailing: new Uint8Array(),
        ...fields,
      }
      const signed = encodeSpdm({ ...unsigned, trailing: new Uint8Array() }).subarray(
        0,
        -SPDM_SIGNATURE_BYTES,
      )
      const key = await signingKey(keys.leafKey, ECDSA_SHA384.key)
      const signature = fields?.signature ?? (await rawSignature(key, 'SHA-384', signed))
      return [
        { name: 'evidence.bin', bytes: encodeSpdm({ ...unsigned, signature }) },
        { name: 'leaf.der', bytes: leaf },
        { name: 'device.der', bytes: keys.device },
        { name: 'root.der', bytes: keys.root },
      ]
    },
    async revoke(name, content) {
      const issuer = await issuerOf(keys[name], keys[`${name}Key`], ECDSA_SHA384)
      return { name: `${name}.crl`, bytes: await simulatedRevocationList(content, issuer) }
    },
  }
}

const fwidOf = (digest: Uint8Array): Uint8Array =>
  sequence(oid('2.16.840.1.101.3.4.2.2'), derValue(DER_TAG.OCTET_STRING, digest))
