import { fieldToBytes, toHex } from '@vouch/protocol'

/** A field element as files spell it. */
export const fieldHex = (value: bigint): string => toHex(fieldToBytes(value))

/** A time for a person. */
export const dateOf = (seconds: number): string =>
  seconds < 8.64e12 ? new Date(seconds * 1000).toISOString().replace('.000', '') : `${seconds} s`

const PREVIEW_BYTES = 200

/** Bytes for a person: as text where they are printable, so that a payload cannot write on a terminal. */
export function preview(bytes: Uint8Array): string {
  const shortened = bytes.subarray(0, PREVIEW_BYTES)
  const isText = shortened.every((byte) => byte >= 0x20 && byte <= 0x7e)
  const text = isText ? `"${String.fromCharCode(...shortened)}"` : `0x${toHex(shortened)}`
  return bytes.length > PREVIEW_BYTES ? `${text}… (${bytes.length} bytes)` : text
}

/** Rows under a heading, the first column as wide as it needs to be. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
