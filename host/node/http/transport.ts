import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Limits } from './limits.js'
import type { TlsIdentity } from './tls.js'

/** What stands at the door: it lets a connection in, or turns it away and says so. */
export interface Door {
  admit(socket: Socket): boolean
  /** Told which connection carries another one, in TLS. */
  carries(below: Socket, above: Socket): void
  /** Told of a client that came to no agreement. */
  failed(): void
}

/** A server whose connections pass the door before anything else is done for them. */
export interface Transport {
  readonly server: Server
  readonly scheme: 'http' | 'https'
  /** Ends what goes on beside the server. */
  readonly end: () => void
}

export function openTransport(
  handle: RequestListener,
  limits: Limits,
  door: Door,
  tls: TlsIdentity | undefined,
): Transport {
  const options: ServerOptions = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkMs,
    keepAliveTimeout: limits.headersMs,
    maxHeaderSize: 8192,
  }
  if (tls !== undefined)
    return secureTransport(handle, { ...options, handshakeTimeout: limits.headersMs }, door, tls)
  const server = createServer(options, handle)
  server.on('connection', (socket) => void door.admit(socket))
  return { server, scheme: 'http', end: () => undefined }
}

/**
 * The same in TLS. A connection has its place at the door from its first byte, a handshake that never ends included: a handshake costs the
 * server more than the client. So Node's own listener, which begins the handshake, is called for connections that were let in alone.
 */
function secureTransport(
  handle: RequestListener,
  options: ServerOptions & { readonly handshakeTimeout: number },
  door: Door,
  tls: TlsIdentity,
): Transport {
  const server = createSecureServer({ ...options, ...tls.options }, handle)
  const handshakes = server.listeners('connection')
  server.removeAllListeners('connection')
  const below = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    if (!door.admit(socket)) return
    const end = farEnd(socket)
    below.set(end, socket)
    socket.once('close', () => below.get(end) === socket && below.delete(end))
    for (const begin of handshakes) Reflect.apply(begin, server, [socket])
  })
  server.prependListener('secureConnection', (socket: TLSSocket) => {
    const carrying = below.get(farEnd(socket))
    if (carrying === undefined) socket.destroy()
    else door.carries(carrying, socket)
  })
  server.on('tlsClientError', (_, socket: TLSSocket) => {
    door.failed()
    socket.destroy()
  })
  return { server, scheme: 'https', end: tls.follow(server) }
}

/** No two connections that live at one time come to one server from one address and port. */
const farEnd = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`

/** SHA-256 of a client's certificate, where TLS has verified it. */
export function certificateOf(socket: Socket): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined
  return socket.getPeerX509Certificate()?.fingerprint256.replaceAll(':', '').toLowerCase()
}
