import type { IncomingMessage } from 'node:http'
import { shown, VouchError } from '@vouch/protocol'

/**
 * Refuses a body that is encoded: nothing here is decoded, and its length would be no bound for what comes out of it. That of a
 * body taken for what it is not would be judged.
 */
export function assertPlain({ headers }: IncomingMessage): void {
  const encodings = [headers['content-encoding'] ?? 'identity', headers['transfer-encoding'] ?? 'chunked']
  const [content = '', transfer = ''] = encodings.map((encoding) => encoding.trim().toLowerCase())
  if (content === 'identity' && transfer === 'chunked') return
  throw new VouchError('ENCODING_UNKNOWN', {
    rule: 'the body of a request is encoded, and this server takes bodies as they are',
    given: shown(content === 'identity' ? transfer : content),
    hint: 'leave Content-Encoding out, and send the body as it is',
  })
}

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
