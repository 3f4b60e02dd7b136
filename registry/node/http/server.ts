import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { VouchError } from '@vouch/protocol'
import { type Answer, refusalOf, send } from './answer.js'
import { readBody } from './body.js'
import type { ProxyAddress } from './client-address.js'
import { Gate } from './gate.js'
import { type Route, routeOf } from './routes.js'
import type { Service } from './service.js'
import type { Rate } from './token-buckets.js'

export interface Limits {
  /** What one address may ask that costs work (POST), and what costs a read (GET). */
  readonly writes: Rate
  readonly reads: Rate
  /** Requests in hand at one time; past it, the answer is that the registrar is busy. */
  readonly concurrent: number
  readonly connections: number
  /** Connections of one address, or requests in hand of one client behind the proxy: nobody takes all there are. */
  readonly perAddress: number
  /** How long a client may take to send its headers, and its whole request. */
  readonly headersMs: number
  readonly requestMs: number
  /** How long a client may take to read its answer. */
  readonly responseMs: number
  /** How often slow clients are looked for. */
  readonly checkMs: number
}

export const DEFAULT_LIMITS: Limits = {
  writes: { burst: 30, perSecond: 0.5 },
  reads: { burst: 1100, perSecond: 20 }, // a whole registry at once is 1,024 buckets and a few files more
  concurrent: 32,
  connections: 512,
  perAddress: 32,
  headersMs: 5_000,
  requestMs: 20_000,
  responseMs: 30_000,
  checkMs: 1_000,
}

export interface RunningServer {
  readonly address: AddressInfo
  /** Takes no new requests, finishes those in hand, ends. */
  close(): Promise<void>
}

export interface Place {
  readonly host: string
  readonly port: number
  /** Where the reverse proxy is, if there is one. */
  readonly proxy?: ProxyAddress | undefined
}

/** Serves a registrar. Everything that arrives is a stranger's. */
export async function startServer(
  service: Service,
  { host, port, proxy }: Place,
  limits: Limits = DEFAULT_LIMITS,
): Promise<RunningServer> {
  const gate = new Gate(service, limits, proxy)
  const handle = requestHandler(service, gate, limits, () => !server.listening)
  const server: Server = createServer(
    {
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: limits.headersMs,
      maxHeaderSize: 8192,
    },
    (request, response) => void handle(request, response),
  )
  server.maxConnections = limits.connections
  server.on('connection', (socket) => gate.admitConnection(socket))
  await listening(server, host, port)
  const address = server.address()
  if (address === null || typeof address === 'string') {
    throw new VouchError('INTERNAL', { rule: 'a server must have an address' })
  }
  return { address, close: () => closed(server, limits.requestMs) }
}

function requestHandler(
  service: Service,
  gate: Gate,
  limits: Limits,
  isEnding: () => boolean,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let inHand = 0

  /** Counts work, not waiting: a client that sends its body slowly keeps nobody else from being answered. */
  async function counted(work: () => Promise<Answer> | Answer): Promise<Answer> {
    if (inHand >= limits.concurrent) {
      throw new VouchError('BUSY', { rule: `the registrar takes ${limits.concurrent} requests in hand` })
    }
    inHand++
    try {
      return await work()
    } finally {
      inHand--
    }
  }

  return async (request, response) => {
    const from = gate.clientOf(request)
    try {
      await gate.admitRequest(request, response, from)
      const { route, argument } = routeOf(request.method ?? '', request.url ?? '')
      const body = await bodyFor(route, request)
      const answer = await counted(() => route.answer(service, { body, from, argument }))
      hangUpOnSlowReader(response, limits.responseMs)
      send(response, answer, isEnding())
    } catch (error) {
      if (request.method === 'POST' && isNoted(error)) await service.noteRefusal(from, [error])
      hangUpOnSlowReader(response, limits.responseMs)
      send(response, refusalOf(error))
    }
  }
}

/** What a POST was refused for before anybody judged it: an operator wants to know. Floods are noted where they begin. */
function isNoted(error: unknown): error is VouchError {
  return error instanceof VouchError && error.code !== 'RATE_LIMITED'
}

/** An answer is dropped that is not read in time: whoever reads a byte a minute would keep its connection for ever. */
function hangUpOnSlowReader(response: ServerResponse, patienceMs: number): void {
  const deadline = setTimeout(() => response.destroy(), patienceMs).unref()
  response.once('close', () => clearTimeout(deadline))
}

/** The body, if the route takes one. A web page can send JSON to another site only when that site says that it may. */
async function bodyFor(route: Route, request: IncomingMessage): Promise<Uint8Array> {
  if (route.method === 'GET') return new Uint8Array()
  const type = request.headers['content-type']?.split(';')[0]?.trim()
  if (type === 'application/json') return readBody(request, route.bodyLimit)
  throw new VouchError('VALUE_MALFORMED', { rule: 'a body must be of type application/json' })
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new VouchError(
          'USAGE',
          { rule: 'host and port must be free to listen on', given: `${host}:${port}` },
          { cause },
        ),
      ),
    )
    server.listen(port, host, resolve)
  })
}

/** Node looks for slow clients no more once a server ends: those that say nothing until then are hung up on. */
function closed(server: Server, patienceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => server.closeAllConnections(), patienceMs)
    server.close(() => {
      clearTimeout(deadline)
      resolve()
    })
    server.closeIdleConnections()
  })
}
