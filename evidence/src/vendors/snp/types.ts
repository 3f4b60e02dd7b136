import type { Certificate } from '../../x509/certificate.js'
import type { RevocationList } from '../../x509/revocation.js'
import type { VendorClaims } from '../claims.js'
import type { SnpAnchor } from './anchors.js'

/** A processor generation: each has a root, a layout of its TCB version, and a length of its chip id. */
export type Generation = SnpAnchor['generation']

/** What signed a report: a key of the chip, or one that AMD lends to a cloud and that names no chip. */
export type EndorsementKey = 'vcek' | 'vlek'

/** Security patch levels, in words of our own. Turin counts its first-stage loader (FMC) apart. */
export interface Tcb {
  readonly fmc?: number
  readonly bootloader: number
  readonly tee: number
  readonly snp: number
  readonly microcode: number
}

/** A report as it was read. TCB versions stay bytes: their layout depends on the generation, which the chain tells. */
export interface SnpReport {
  readonly version: 2 | 3 | 5
  readonly guestSvn: number
  readonly policy: bigint
  readonly familyId: Uint8Array
  readonly imageId: Uint8Array
  readonly vmpl: number
  readonly currentTcb: Uint8Array
  readonly platformInfo: bigint
  readonly keyInfo: number
  readonly reportData: Uint8Array
  readonly measurement: Uint8Array
  readonly hostData: Uint8Array
  readonly idKeyDigest: Uint8Array
  readonly authorKeyDigest: Uint8Array
  readonly reportId: Uint8Array
  readonly reportIdMa: Uint8Array
  readonly reportedTcb: Uint8Array
  /** Family, model and stepping; zeros before version 3. */
  readonly cpuid: readonly [family: number, model: number, stepping: number]
  readonly chipId: Uint8Array
  readonly committedTcb: Uint8Array
  readonly currentFirmware: readonly [build: number, minor: number, major: number]
  readonly committedFirmware: readonly [build: number, minor: number, major: number]
  readonly launchTcb: Uint8Array
  readonly launchMitigations: bigint
  readonly currentMitigations: bigint
  /** 72 bytes each, little-endian, as the report has them. */
  readonly signature: { readonly r: Uint8Array; readonly s: Uint8Array }
}

/** A report with all that came with it. */
export interface SnpEvidence {
  readonly format: 'snp'
  readonly report: SnpReport
  readonly bytes: Uint8Array
  /** What follows the report in its file. */
  readonly trailing: Uint8Array
  readonly certificates: readonly Certificate[]
  readonly revocationLists: readonly RevocationList[]
}

/** What an authentic report says, whatever it was made for. */
export interface SnpFacts {
  readonly root: SnpAnchor
  readonly endorsement: EndorsementKey
  readonly reportData: Uint8Array
  readonly measurement: Uint8Array
  readonly hostData: Uint8Array
  readonly tcb: Tcb
  readonly vmpl: number
  readonly guestPolicy: { readonly debug: boolean; readonly migration: boolean; readonly smt: boolean }
}

/** What an authentic report says that stands by itself. */
export interface SnpClaims extends VendorClaims, SnpFacts {
  readonly kind: SnpAnchor['kind']
}
