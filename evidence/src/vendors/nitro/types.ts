import type { Certificate } from '../../x509/certificate.js'
import type { RevocationList } from '../../x509/revocation.js'
import type { VendorClaims } from '../claims.js'
import type { NitroAnchor } from './anchors.js'

/** The lists and maps of a payload. */
export type NitroContainer = 'payload' | 'pcrs' | 'cabundle'

/** An attestation document's payload as it was read. */
export interface NitroDocument {
  readonly moduleId: string
  /** Milliseconds since 1970, by the hypervisor's clock. */
  readonly timestamp: number
  /** Platform configuration registers by number: SHA-384. */
  readonly pcrs: ReadonlyMap<number, Uint8Array>
  readonly certificate: Uint8Array
  /** The root first, the issuer of `certificate` last. */
  readonly caBundle: readonly Uint8Array[]
  readonly publicKey?: Uint8Array
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
  /** What does not say its length, and ends with a break: AWS writes the payload so since 2025. */
  readonly indefinite?: readonly NitroContainer[]
}

/** A document as a COSE_Sign1 has it. */
export interface SignedDocument {
  readonly isTagged: boolean
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly document: NitroDocument
  /** What follows the document in its file. */
  readonly trailing: Uint8Array
}

export interface NitroEvidence {
  readonly format: 'nitro'
  readonly signed: SignedDocument
  /** The document's own certificates, and any that were given beside it. */
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

/** What an authentic document says. */
export interface NitroClaims extends VendorClaims {
  readonly kind: NitroAnchor['kind']
  readonly root: NitroAnchor
  readonly moduleId: string
  readonly timestamp: number
  /** Registers by number, those that were never extended included. */
  readonly pcrs: Readonly<Record<`pcr${number}`, Uint8Array>>
  /** An enclave that its parent may debug has zeros for PCR0. */
  readonly debug: boolean
  readonly publicKey?: Uint8Array
  readonly userData?: Uint8Array
  readonly nonce?: Uint8Array
}
