import type { EvidenceFile } from '@vouch/evidence'

// Files of evidence, and damage to them.

export function fileOf(files: readonly EvidenceFile[], name: string): EvidenceFile {
  const found = files.find((file) => file.name === name)
  if (found === undefined) throw new Error(`no ${name}`)
  return found
}

/** The files with one of them changed, or left out. */
export function withFile(
  files: readonly EvidenceFile[],
  name: string,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
): readonly EvidenceFile[] {
  return files.flatMap((file) => {
    const bytes = file.name === name ? change(file.bytes) : file.bytes
    return bytes === undefined ? [] : [{ ...file, bytes }]
  })
}

/** With one bit flipped; a negative place counts from the end. */
export const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes.at(at) ?? 0) ^ 1)

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
export const jsonBytes = (content: unknown): Uint8Array => utf8(JSON.stringify(content))
