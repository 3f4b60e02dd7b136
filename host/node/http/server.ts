import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { performance } from 'node:perf_hooks'
import { VouchError } from '@vouch/protocol'
import { type Meter, NO_METER } from '../metrics/meter.js'
import { failureOf, type HttpAnswer, refusalOf, sendAnswer, sendHeaders } from './answer.js'
import { assertPlain, readBody } from './body.js'
import { type Callers, Gate, type NoteRefusal } from './gate.js'
import { HTTP_METRICS, meterGate, NO_ROUTE, requestCounter } from './http-metrics.js'
import type { Limits } from './limits.js'
import { listening, urlAt } from './listening.js'
import { type AskOutcome, CLIENT_GONE, type EndedRequest, type Observed } from './observed.js'
import { headersFor, type Origins, preflightHeaders } from './origins.js'
import { findRoute, type Route, type Routes, routeOf } from './routes.js'
import type { TlsIdentity } from './tls.js'
import { certificateOf, type Door, openTransport } from './transport.js'

/** What is served, and to whom refusals are told that no handler hears of. */
export interface Site<Service> {
  readonly routes: Routes<Service>
  readonly service: Service
  /** A request that could not be read, or the first that came too often. Nothing of a flood's rest is told. */
  readonly noteRefusal: NoteRefusal
  /** Told how each request ended. */
  readonly onEnded?: (ended: EndedRequest) => void
}

export interface RunningServer {
  readonly address: AddressInfo
  /** Where it answers, without a path. */
  readonly url: string
  /** Takes no new requests, finishes those in hand, ends. What takes longer than this is cut off; if not given, as long as a request may take. */
  close(graceMs?: number): Promise<void>
}

export interface ListeningPlace extends Callers, Observed {
  readonly host: string
  readonly port: number
  /** Of which origins web pages may ask; if not given, of all. */
  readonly origins?: Origins | undefined
  /** What the server shows in TLS; if not given, it speaks plain HTTP. */
  readonly tls?: TlsIdentity | undefined
}

/** Serves a site. Everything that arrives is a stranger's. Servers of one service share a gate. */
export async function startServer<Service>(
  site: Site<Service>,
  place: ListeningPlace,
  limits: Limits,
  gate = meteredGate(site.noteRefusal, limits, place),
): Promise<RunningServer> {
  const { origins = '*', meter = NO_METER, tls } = place
  meter.gauge(HTTP_METRICS.certificateEnd, () => tls?.expiresAt ?? Number.NaN)
  const isEnding = (): boolean => !server.listening
  const count = counting(meter, Object.keys(site.routes))
  const onEnded = (ended: EndedRequest): void => {
    count(ended)
    place.onRequest?.(ended)
    site.onEnded?.(ended)
  }
  const handle = requestHandler(site, { gate, limits, origins, onEnded, isEnding })
  const { server, scheme, end } = openTransport(
    (request, response) => void handle(request, response),
    limits,
    doorOf(gate, place),
    tls,
  )
  try {
    const address = await listening(server, place)
    const close = (graceMs = limits.requestMs): Promise<void> => closed(server, graceMs).finally(end)
    return { address, url: urlAt(address, scheme), close }
  } catch (error) {
    end()
    throw error
  }
}

/** The gate as the door of a server. A client that expects TLS is told nothing: it could not read it. */
function doorOf(gate: Gate, { origins = '*', meter = NO_METER, tls }: ListeningPlace): Door {
  const countTurnedAway = meter.counter(HTTP_METRICS.turnedAway)
  const countFailure = meter.counter(HTTP_METRICS.handshakeFailures)
  return {
    admit: (socket) =>
      gate.admitConnection(socket, (reason) => {
        countTurnedAway({ code: reason.code })
        return tls === undefined ? turnedAway(reason, origins) : ''
      }),
    carries: (below, above) => gate.carries(below, above),
    failed: () => countFailure({}),
  }
}

/** A gate whose connections are counted. */
export function meteredGate(noteRefusal: NoteRefusal, limits: Limits, place: Observed & Callers): Gate {
  const gate = new Gate(noteRefusal, limits, place)
  meterGate(place.meter ?? NO_METER, gate)
  return gate
}

/** Counts how requests ended. */
function counting(meter: Meter, patterns: readonly string[]): (ended: EndedRequest) => void {
  const countRequest = requestCounter(meter, patterns)
  const countRefusal = meter.counter(HTTP_METRICS.refusals)
  return (ended) => {
    countRequest(ended)
    if (ended.outcome !== 'answered') countRefusal({ code: ended.outcome })
  }
}

/** An answer before anything was asked. */
function turnedAway(reason: VouchError, origins: Origins): string {
  const { status, type, body, retryAfter = 0 } = refusalOf(reason)
  const headers = {
    'content-type': type,
    'content-length': String(Buffer.byteLength(body)),
    'retry-after': String(retryAfter),
    connection: 'close',
    ...headersFor(origins, undefined),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const reasonPhrase = status === 429 ? 'Too Many Requests' : 'Service Unavailable'
  return `HTTP/1.1 ${status} ${reasonPhrase}\r\n${lines.join('')}\r\n${String(body)}`
}

interface Handling {
  readonly gate: Gate
  readonly limits: Limits
  readonly origins: Origins
  readonly onEnded: (ended: EndedRequest) => void
  readonly isEnding: () => boolean
}

function requestHandler<Service>(
  site: Site<Service>,
  { gate, limits, origins, onEnded, isEnding }: Handling,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { routes, service } = site

  async function answerTo(request: IncomingMessage, from: string): Promise<HttpAnswer> {
    const { route, argument } = routeOf(routes, request.method ?? '', request.url ?? '')
    const body = await bodyFor(route, request, limits)
    const certificate = certificateOf(request.socket)
    return gate.work(from, request.socket, () => route.answer(service, { body, from, argument, certificate }))
  }

  /** Answers, or refuses, and tells which. */
  async function answered(
    request: IncomingMessage,
    response: ServerResponse,
    from: string,
  ): Promise<AskOutcome> {
    const headers = isForPages(routes, request) ? headersFor(origins, request.headers.origin) : {}
    try {
      await gate.admitRequest(request, response, from)
      const options = request.method === 'OPTIONS' && preflightHeaders(routes, request.url ?? '', headers)
      if (options) {
        sendHeaders(response, options)
        return 'answered'
      }
      const answer = await answerTo(request, from)
      hangUpAfter(limits.responseMs, response)
      sendAnswer(response, answer, { isLast: isEnding(), headers })
      return answer.code ?? 'answered'
    } catch (error) {
      if (request.method === 'POST' && isNoted(error, request))
        await site.noteRefusal(from, [failureOf(error)])
      hangUpAfter(limits.responseMs, response)
      sendAnswer(response, refusalOf(error), { headers })
      return failureOf(error).code
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const start = performance.now()
    const from = gate.clientOf(request)
    const outcome = await answered(request, response, from)
    const { method = '', url = '' } = request
    const route = findRoute(routes, method, url)?.pattern ?? NO_ROUTE
    const status = response.headersSent ? response.statusCode : CLIENT_GONE
    onEnded({ method, route, status, outcome, ms: performance.now() - start, from })
  }

  return (request, response) => {
    if (limits.totalMs !== undefined) hangUpAfter(limits.totalMs, response)
    return handle(request, response)
  }
}

/** Whether pages may come to what is asked for. What there is none of, they may hear of. */
function isForPages<Service>(routes: Routes<Service>, { url = '' }: IncomingMessage): boolean {
  return !Object.values(routes).some(({ path, pages }) => pages === false && path.test(url))
}

/**
 * What a POST failed of that nobody judged: an operator wants to know. Not of floods, which are noted where they begin, nor of
 * clients that hang up in the middle of a body.
 */
function isNoted(error: unknown, { complete }: IncomingMessage): boolean {
  return error instanceof VouchError ? error.code !== 'RATE_LIMITED' : complete
}

/** Drops an answer that is not read in time: a client that reads a byte a minute would keep its connection for ever. */
function hangUpAfter(patienceMs: number, response: ServerResponse): void {
  const { socket } = response.req
  const deadline = setTimeout(() => socket.destroy(), patienceMs).unref()
  response.once('close', () => clearTimeout(deadline))
}

/**
 * The body, if the route takes one. A web page can send JSON to another site only when that site says that it may: so the
 * origins that an operator allows are all that can have a visitor's browser post here.
 */
async function bodyFor<Service>(
  route: Route<Service>,
  request: IncomingMessage,
  { bodyBytes = Number.POSITIVE_INFINITY }: Limits,
): Promise<Uint8Array> {
  if (route.method === 'GET') return new Uint8Array()
  assertPlain(request)
  const type = request.headers['content-type']?.split(';')[0]?.trim()
  if (type === 'application/json') return readBody(request, Math.min(route.bodyLimit, bodyBytes))
  throw new VouchError('VALUE_MALFORMED', { rule: 'a body must be of type application/json' })
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
