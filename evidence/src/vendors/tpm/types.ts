import type { Certificate } from '../../x509/certificate.js'
import type { RevocationList } from '../../x509/revocation.js'
import type { VendorClaims } from '../claims.js'
import type { TpmHash } from '../eventlog/banks.js'
import type { LoggedEvent } from '../eventlog/types.js'
import type { TpmAnchor } from './anchors.js'

/** Which PCRs of a bank a quote speaks of, ascending. */
export interface PcrSelection {
  readonly hash: TpmHash
  readonly pcrs: readonly number[]
}

/** TPMS_ATTEST: what every attestation of a TPM says of itself and its clock. */
interface AttestFrame {
  readonly qualifiedSigner: Uint8Array
  /** What the asker wanted in it: the qualifying data of a quote. */
  readonly extraData: Uint8Array
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly safe: boolean
  readonly firmwareVersion: Uint8Array
}

/** An attestation of PCR values. */
export interface TpmQuote extends AttestFrame {
  readonly type: 'quote'
  readonly selections: readonly PcrSelection[]
  readonly pcrDigest: Uint8Array
}

/** An attestation that a key was made in this TPM. */
export interface Creation extends AttestFrame {
  readonly type: 'creation'
  readonly objectName: Uint8Array
  readonly creationHash: Uint8Array
}

export type Attest = TpmQuote | Creation

/** TPMT_SIGNATURE. */
export type TpmSignature =
  | { readonly scheme: 'rsassa' | 'rsapss'; readonly hash: TpmHash; readonly signature: Uint8Array }
  | { readonly scheme: 'ecdsa'; readonly hash: TpmHash; readonly r: Uint8Array; readonly s: Uint8Array }

/** TPMT_PUBLIC of a key that signs: RSA by its modulus and exponent, ECC by its point. */
export interface TpmPublic {
  readonly nameHash: TpmHash
  readonly attributes: number
  readonly authPolicy: Uint8Array
  /** The one scheme that the key signs with; absent when it may use any. */
  readonly scheme?: { readonly name: TpmSignature['scheme']; readonly hash: TpmHash }
  readonly key:
    | {
        readonly type: 'rsa'
        readonly keyBits: number
        readonly exponent: number
        readonly modulus: Uint8Array
      }
    | {
        readonly type: 'ec'
        readonly curve: 'P-256' | 'P-384' | 'P-521'
        readonly x: Uint8Array
        readonly y: Uint8Array
      }
}

/** Values of PCRs, as somebody says they were: nothing vouches for them but the digest in a quote. */
export interface PcrBank {
  readonly bank: TpmHash
  readonly values: ReadonlyMap<number, Uint8Array>
}

/** Something a TPM signed, with the bytes that are signed and the bytes behind them. */
export interface TpmAttested<A extends Attest = Attest> {
  readonly attest: A
  readonly bytes: Uint8Array
  readonly trailing: Uint8Array
}

/** A signature with the bytes behind it. */
export interface GivenSignature {
  readonly signature: TpmSignature
  readonly trailing: Uint8Array
}

/** A quote with what it is judged by, whoever vouches for its key. */
export interface QuoteEvidence {
  readonly quote: TpmAttested<TpmQuote>
  readonly creation?: TpmAttested<Creation>
  readonly signatures: readonly GivenSignature[]
  readonly pcrBanks: readonly PcrBank[]
  readonly eventLog?: readonly LoggedEvent[]
}

export interface TpmEvidence extends QuoteEvidence {
  readonly format: 'tpm'
  /** SubjectPublicKeyInfo of attestation keys that came by themselves. */
  readonly keys: readonly Uint8Array[]
  readonly publicArea?: { readonly area: TpmPublic; readonly bytes: Uint8Array }
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

/** The value of a PCR that a quote vouches for. */
export interface PcrValue {
  readonly bank: TpmHash
  readonly index: number
  readonly value: Uint8Array
}

/** Values of PCRs under their numbers. */
export type PcrsByIndex = Readonly<Record<string, Uint8Array>>

/** What a quote says once its signature holds. */
export interface QuoteClaims {
  readonly scheme: TpmSignature['scheme']
  /** The hash of the signature, and of the digest of PCR values. */
  readonly hash: TpmHash
  readonly firmwareVersion: Uint8Array
  readonly clock: bigint
  readonly resetCount: number
  readonly restartCount: number
  readonly safe: boolean
  /** Which PCRs it speaks of in each bank, ascending. */
  readonly selected: Readonly<Partial<Record<TpmHash, string>>>
  /** Their values by index, in each bank; none where none came along, as the quote holds their digest alone. */
  readonly pcrs: Readonly<Partial<Record<TpmHash, PcrsByIndex>>>
  /** PCRs that the event log leads to. */
  readonly replayed: string
}

/** What an authentic TPM quote says. */
export interface TpmClaims extends VendorClaims {
  readonly kind: TpmAnchor['kind']
  /** SHA-256 of the attestation key's SubjectPublicKeyInfo. */
  readonly attestationKey: Uint8Array
  /** The root that vouches for the key; without one, a policy must name the key. */
  readonly root?: TpmAnchor
  readonly quote: QuoteClaims
}
