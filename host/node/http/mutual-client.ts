import { request } from 'node:https'
import type { TlsIdentity } from './tls.js'

/** What is asked of a server that wants to see a certificate. */
export interface MutualAsk {
  readonly body: string
  readonly signal: AbortSignal
  /** Most bytes of an answer. */
  readonly limit: number
}

/**
 * Posts JSON, and shows who asks by a certificate: `fetch` cannot. The server's certificate is held against the roots that clients of this side
 * are held against, or those that Node has, and nothing is followed elsewhere. The body is read to its end, or refused when it is too long.
 */
export function postMutual(
  url: string,
  tls: TlsIdentity,
  { body, signal, limit }: MutualAsk,
): Promise<Response> {
  const { cert, key, ca, minVersion, ciphers } = tls.options
  const shown = { cert, key, minVersion, ciphers, ...(ca === undefined ? {} : { ca }), agent: false } as const
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const sending = request(url, { ...shown, method: 'POST', headers, signal }, async (response) => {
      try {
        const parts: Buffer[] = []
        let size = 0
        for await (const part of response as AsyncIterable<Buffer>) {
          size += part.length
          if (size > limit) throw new Error(`an answer of more than ${limit} bytes`)
          parts.push(part)
        }
        const after = response.headers['retry-after']
        const told: Record<string, string> = after === undefined ? {} : { 'retry-after': after }
        resolve(new Response(Buffer.concat(parts), { status: response.statusCode ?? 500, headers: told }))
      } catch (error) {
        sending.destroy()
        reject(error)
      }
    })
    sending.on('error', reject)
    sending.end(body)
  })
}
