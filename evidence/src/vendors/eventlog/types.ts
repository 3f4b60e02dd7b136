/** An entry of a firmware's log: what was measured into which register. Only its digests are what a register was extended with. */
export interface LoggedEvent {
  /** The PCR; of a confidential guest 0 for MRTD and 1 to 4 for RTMR0 to RTMR3. */
  readonly register: number
  readonly type: number
  readonly digests: readonly { readonly algorithm: number; readonly digest: Uint8Array }[]
  readonly data: Uint8Array
}

/** A log in crypto-agile format. It is signed by nobody: registers that it leads to are what vouches for it. */
export interface EventLog {
  /** The first entry, in the older format: it names the hash algorithms, and is not measured. */
  readonly header: { readonly register: number; readonly data: Uint8Array }
  readonly algorithms: readonly { readonly id: number; readonly size: number }[]
  readonly events: readonly LoggedEvent[]
  /** What fills the memory behind the log: nothing, or one byte over and over, 00 or ff. */
  readonly fill: Uint8Array
}
