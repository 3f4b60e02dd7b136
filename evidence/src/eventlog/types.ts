import type { TpmHash } from '../tpm/layout.js'

/** An event that firmware or a boot loader measured. Only its digests are vouched for: they are what a register was extended with. */
export interface LoggedEvent {
  /** Which PCR, or which register of a TD, the digest went into. */
  readonly index: number
  readonly type: number
  readonly digests: readonly { readonly hash: TpmHash; readonly digest: Uint8Array }[]
  readonly data: Uint8Array
}
