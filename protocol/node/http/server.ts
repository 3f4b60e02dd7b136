import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Failure, VouchError } from '../../src/index.js'
import { type Answer, failureOf, refusalOf, send } from './answer.js'
import { readBody } from './body.js'
import type { ProxyAddress } from './client-address.js'
import { Gate } from './gate.js'
import { type Route, type Routes, routeOf } from './routes.js'
import type { Rate } from './token-buckets.js'

export interface Limits {
  /** What one address may ask that costs work (POST), and what costs a read (GET). */
  readonly writes: Rate
  readonly reads: Rate
  /** Requests in hand at one time; past it, the answer is that the server is busy. */
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

/** What is served, and to whom refusals are told that no handler hears of. */
export interface Site<Service> {
  readonly routes: Routes<Service>
  readonly service: Service
  /** A request that could not be read, or the first that came too often. Nothing of a flood's rest is told. */
  noteRefusal(from: string, failures: readonly Failure[]): Promise<void> | void
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

/** Serves a site. Everything that arrives is a stranger's. */
export async function startServer<Service>(
  site: Site<Service>,
  { host, port, proxy }: Place,
  limits: Limits,
): Promise<RunningServer> {
  const gate = new Gate(site, limits, proxy)
  const handle = requestHandler(site, gate, limits, () => !server.listening)
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

function requestHandler<Service>(
  site: Site<Service>,
  gate: Gate,
  limits: Limits,
  isEnding: () => boolean,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  let inHand = 0

  /** Counts work, not waiting: a client that sends its body slowly keeps nobody else from being answered. */
  async function counted(work: () => Promise<Answer> | Answer): Promise<Answer> {
    if (inHand >= limits.concurrent) {
      throw new VouchError('BUSY', { rule: `the server takes ${limits.concurrent} requests in hand` })
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
      const { route, argument } = routeOf(site.routes, request.method ?? '', request.url ?? '')
      const body = await bodyFor(route, request)
      const answer = await counted(() => route.answer(site.service, { body, from, argument }))
      hangUpOnSlowReader(response, limits.responseMs)
      send(response, answer, isEnding())
    } catch (error) {
      if (request.method === 'POST' && isNoted(error, request))
        await site.noteRefusal(from, [failureOf(error)])
      hangUpOnSlowReader(response, limits.responseMs)
      send(response, refusalOf(error))
    }
  }
}

/**
 * What a POST failed of that nobody judged: an operator wants to know. Not of floods, which are noted where they begin, nor of
 * clients that hang up in the middle of a body.
 */
function isNoted(error: unknown, { complete }: IncomingMessage): boolean {
  return error instanceof VouchError ? error.code !== 'RATE_LIMITED' : complete
}

/** An answer is dropped that is not read in time: whoever reads a byte a minute would keep its connection for ever. */
function hangUpOnSlowReader(response: ServerResponse, patienceMs: number): void {
  const deadline = setTimeout(() => response.destroy(), patienceMs).unref()
  response.once('close', () => clearTimeout(deadline))
}

/** The body, if the route takes one. A web page can send JSON to another site only when that site says that it may. */
async function bodyFor<Service>(route: Route<Service>, request: IncomingMessage): Promise<Uint8Array> {
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
