import type { Certificate } from '../../x509/certificate.js'
import type { RevocationList } from '../../x509/revocation.js'
import type { VendorClaims } from '../claims.js'
import type { NvidiaAnchor } from './anchors.js'

/** A field of NVIDIA's opaque data. */
export interface OpaqueField {
  readonly type: number
  readonly value: Uint8Array
}

/** A request for measurements and the answer to it. */
export interface SpdmMessage {
  /** The requester's. */
  readonly nonce: Uint8Array
  /** SlotIDParam of the request; the response repeats it. */
  readonly slot: number
  readonly responderNonce: Uint8Array
  /** SHA-384 digests by their index, from 1. */
  readonly measurements: readonly Uint8Array[]
  readonly opaque: readonly OpaqueField[]
  readonly signature: Uint8Array
  /** What follows the signature in the file. */
  readonly trailing: Uint8Array
  /** Request and response as they were given, without what follows. */
  readonly bytes: Uint8Array
}

export interface NvidiaEvidence {
  readonly format: 'nvidia'
  readonly messages: readonly SpdmMessage[]
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

/** What one authentic device says. */
export interface Device {
  readonly root: NvidiaAnchor
  /** The subject of the device's own certificate. */
  readonly name: string
  /** A hash that names the device: of its own key. */
  readonly identity: Uint8Array
  readonly nonce: Uint8Array
  readonly driver?: string
  readonly vbios?: string
  /** What firmware the device's key was made for. */
  readonly fwid?: Uint8Array
  readonly measurements: readonly Uint8Array[]
  /** What `gpu_digest` is made of. */
  readonly canonical: Uint8Array
}

export interface NvidiaClaims extends VendorClaims {
  readonly kind: NvidiaAnchor['kind']
  readonly devices: readonly Device[]
}
