/**
 * Where evidence comes from. It is given REPORT_DATA whole and puts it where its hardware has room: a slot of 64 bytes
 * takes it as it is, one of 32 bytes takes `shortReportData` of it.
 */
export interface Provider {
  /** Evidence that REPORT_DATA stands in, and the certificates that the machine has for it, a file each. */
  attest(reportData: Uint8Array): Promise<readonly Uint8Array[]>
}
