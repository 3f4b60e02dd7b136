import { VouchError } from '@vouch/protocol'

/**
 * The certificate table that a host hands to an SNP guest: AMD's "Guest-Hypervisor Communication Block Standardization"
 * (publication 56421), section 4.1.8.1. Entries of a GUID, an offset from the table's start and a length, little-endian, up
 * to an entry of zeros. What a certificate is, its content says; the GUIDs are the host's word and not needed.
 */
const ENTRY = { GUID: { offset: 0, size: 16 }, OFFSET: 16, LENGTH: 20, BYTES: 24 } as const

/** As many as an attestation has room for beside the report. */
const MAX_ENTRIES = 15

/** The certificates in a table, a file each. An empty table is one without certificates. */
export function splitCertificateTable(table: Uint8Array): readonly Uint8Array[] {
  if (table.length === 0) return []
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength)
  const files: Uint8Array[] = []
  for (let at = 0; ; at += ENTRY.BYTES) {
    if (at + ENTRY.BYTES > table.length) throw malformed('must end with an entry of zeros')
    const offset = view.getUint32(at + ENTRY.OFFSET, true)
    const length = view.getUint32(at + ENTRY.LENGTH, true)
    const guid = table.subarray(at + ENTRY.GUID.offset, at + ENTRY.GUID.size)
    if (guid.every((byte) => byte === 0)) {
      if (offset === 0 && length === 0) return files
      throw malformed('must end with an entry of zeros')
    }
    if (files.length === MAX_ENTRIES) throw malformed(`must have at most ${MAX_ENTRIES} entries`)
    if (length === 0 || offset + length > table.length) throw malformed('must hold the certificates it lists')
    files.push(table.slice(offset, offset + length))
  }
}

function malformed(rule: string): VouchError {
  return new VouchError('PROVIDER_FAILED', { rule: `the host's certificate table ${rule}` })
}
