import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type ErrorCode, shown, VouchError } from '@vouch/protocol'
import { type Exchange, type Reply, refusal } from './exchange.js'
import type { Limits } from './limits.js'
import type { Wire } from './wire.js'

/** Codes with a status of their own; whatever else is refused could not be read. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE: 404,
  TOO_LARGE: 413,
  RATE_LIMITED: 429,
  BUSY: 503,
  INTERNAL: 500,
}

/** Serves asks over HTTP: `POST /`. */
export function httpWire(exchange: Exchange, limits: Limits): Wire {
  const server = createServer(
    {
      headersTimeout: Math.min(limits.idleMs, limits.totalMs),
      requestTimeout: limits.totalMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(1_000, limits.idleMs),
      maxHeaderSize: 8_192,
    },
    async (request, response) => {
      const timer = setTimeout(() => request.socket.destroy(), limits.totalMs)
      response.on('close', () => clearTimeout(timer))
      send(response, await reply(request).catch(refusal), !server.listening)
    },
  )
  server.maxConnections = limits.connections
  server.setTimeout(limits.idleMs)

  async function reply(request: IncomingMessage): Promise<Reply> {
    const { method, url, headers } = request
    if (method !== 'POST' || url !== '/') {
      throw new VouchError('USAGE', { rule: 'an ask must come as POST /', given: shown(`${method} ${url}`) })
    }
    // A web page can send JSON to another site only when that site says that it may; this one never does.
    if (headers['content-type']?.split(';')[0]?.trim() !== 'application/json') {
      throw new VouchError('VALUE_MALFORMED', { rule: 'an ask must be of type application/json' })
    }
    const body = await bodyOf(request, limits.askBytes)
    return exchange(body, request.socket.remoteAddress ?? 'unknown')
  }

  return {
    server,
    scheme: 'http',
    finish: () => server.closeIdleConnections(),
    cut: () => server.closeAllConnections(),
  }
}

async function bodyOf(request: IncomingMessage, longest: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = Number(request.headers['content-length'] ?? 0)
  let read = 0
  // Not destroyed where the loop is left: the refusal goes back over the same socket.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    read += part.length
    size = Math.max(size, read)
    if (size > longest) throw new VouchError('TOO_LARGE', { rule: `an ask must be at most ${longest} bytes` })
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

function send(response: ServerResponse, { text, refused }: Reply, isLast: boolean): void {
  if (response.headersSent || response.destroyed) return
  response.statusCode = refused === undefined ? 200 : (STATUS[refused] ?? 400)
  response.setHeader('content-type', 'application/json')
  response.setHeader('content-length', Buffer.byteLength(text))
  response.setHeader('cache-control', 'no-store')
  // A body that was refused may still be on its way: what is left of it must not be taken for the next ask.
  if (isLast || refused !== undefined) response.setHeader('connection', 'close')
  response.end(text)
}
