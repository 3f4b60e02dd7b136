import { toHex } from '@vouch/protocol'

/** Bytes in memory of their own: what the platform's own hashing and streams take. */
export type Bytes = Uint8Array<ArrayBuffer>

/** SHA-256 by the platform: the reference string's 3.2 MB take it a few milliseconds. */
export async function sha256Hex(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

export function bytesOfBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))
}

/** Undoes gzip, in which the Noir tools wrap bytecode and witnesses. */
export async function gunzip(compressed: Bytes): Promise<Bytes> {
  const stream = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('gzip'))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}
