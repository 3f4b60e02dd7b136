import type { GpuPins } from '../../vendors/nvidia/pins.js'

/** What an admission policy says whatever the kinds of evidence are that it names. */
export interface PolicyFrame {
  readonly version: 1
  readonly name: string
  readonly osImages: readonly Uint8Array[]
  /** Most live leaves of one machine; `none` for no such limit, in words. */
  readonly quota: number | 'none'
  /** How long a leaf is good for, in seconds. */
  readonly ttl: number
  /** What must hold of GPUs; without it, evidence with any is refused. */
  readonly gpus?: GpuPins | undefined
  readonly collateral: {
    /**
     * Whether the revocation lists that a vendor publishes must be there. A list is the one thing that a machine whose key
     * leaked would leave out.
     */
    readonly revocation: 'required' | 'when_given'
    /** How old revocation lists and other collateral may be, in seconds. */
    readonly maxAge: number
    /** How long past their next update a leaf may live, in seconds. */
    readonly grace: number
  }
}
