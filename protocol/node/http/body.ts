import type { IncomingMessage } from 'node:http'
import { VouchError } from '../../src/index.js'

/** Reads a request's body up to a limit. Past it, nothing more is read: the client decides how long its body is. */
export async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const tooLarge = (given: string): VouchError =>
    new VouchError('TOO_LARGE', { rule: `a body must be at most ${limit} bytes`, given })
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limit) throw tooLarge(`${announced} bytes`)
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of request as AsyncIterable<Uint8Array>) {
    size += part.length
    if (size > limit) throw tooLarge('more')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
