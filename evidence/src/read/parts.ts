import { equalBytes, VouchError } from '@vouch/protocol'
import type { EvidenceFile } from '../core/file.js'
import type { Tables } from '../tables/tables.js'
import type { Parts } from '../vendors/sorted.js'

/** The part that a file is, if it is any. */
export function partOf({ parts }: Tables, bytes: Uint8Array): string | undefined {
  for (const [name, part] of parts) if (part.looksLike(bytes)) return name
  return undefined
}

/** Parts that have little about them: where the format has no such part, they are files like any other. */
export const isFaint = ({ parts }: Tables, name: string): boolean => parts.get(name)?.toldBy !== undefined

/** The certificates inside a part, in DER: they count as if they had been given as files. */
export function certificatesInside(
  { parts }: Tables,
  name: string,
  bytes: Uint8Array,
): readonly Uint8Array[] {
  return parts.get(name)?.certificates?.(bytes) ?? []
}

/** The keys that parts hold themselves, as SubjectPublicKeyInfo. A part that cannot be read holds none. */
export function keysInside(tables: Tables, parts: Parts): readonly Uint8Array[] {
  return Object.entries(parts).flatMap(([name, files]) =>
    files.flatMap(({ bytes }) => unlessRefused(() => tables.parts.get(name)?.key?.(bytes)) ?? []),
  )
}

/** Puts files with their likes. The same part given twice is given once, with as much padding as it ever has. */
export function gather(
  tables: Tables,
  files: readonly { readonly name: string; readonly file: EvidenceFile }[],
): Parts {
  const parts: Record<string, readonly EvidenceFile[]> = {}
  for (const { name, file } of files) {
    const before = parts[name] ?? []
    if (before.some(({ bytes }) => isPadded(tables, name, bytes, file.bytes))) continue
    parts[name] = [...before.filter(({ bytes }) => !isPadded(tables, name, file.bytes, bytes)), file]
  }
  return parts
}

/** Whether a file is another of this part, with nothing but padding more. */
function isPadded({ parts }: Tables, name: string, longer: Uint8Array, bytes: Uint8Array): boolean {
  if (!equalBytes(longer.subarray(0, bytes.length), bytes)) return false
  if (longer.length === bytes.length) return true
  const isZero = longer.subarray(bytes.length).every((byte) => byte === 0)
  const end = unlessRefused(() => parts.get(name)?.size?.(longer))
  return isZero && end !== undefined && end <= bytes.length
}

/** What a vendor renews: the name that two files of it cannot have beside each other. Others have none. */
export function renewedName(tables: Tables, bytes: Uint8Array): string | undefined {
  const name = partOf(tables, bytes)
  const part = name === undefined ? undefined : tables.parts.get(name)
  const id = unlessRefused(() => part?.renews?.(bytes))
  return id === undefined ? undefined : `${name} ${id}`
}

/** What comes of reading; nothing where a file cannot be read, which is for the judge of that file to say. */
export function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof VouchError) return undefined
    throw error
  }
}
