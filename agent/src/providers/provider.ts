/**
 * Where evidence comes from. It is given REPORT_DATA whole and puts it where its hardware has room: a slot of 64 bytes
 * takes it as it is, one of 32 bytes takes `shortReportData` of it.
 */
export interface Provider {
  /** Evidence that REPORT_DATA stands in, and the certificates that the machine has for it, a file each. */
  attest(reportData: Uint8Array): Promise<readonly Uint8Array[]>
  /** What the machine's GPUs answer under a nonce of their own, where it has any; asked first, as REPORT_DATA binds it. */
  readonly gpus?: (nonce: Uint8Array) => Promise<GpuEvidence>
}

export interface GpuEvidence {
  /** The answers as `gpu_digest` is made of them, in the order of the devices: none, if there is no GPU. */
  readonly canonical: readonly Uint8Array[]
  /** Those answers, and the certificates of the devices, as files. */
  readonly files: readonly Uint8Array[]
}
