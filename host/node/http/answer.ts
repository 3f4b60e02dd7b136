import type { ServerResponse } from 'node:http'
import { type ErrorCode, EXIT_OF, type Failure, gravest, VouchError } from '@vouch/protocol'
import { CACHE_CONTROL, type Caching, etagOf, isHeld } from './caching.js'

/** What Prometheus' servers read. */
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8'

/** What goes back over the wire. */
export interface HttpAnswer {
  readonly status: number
  readonly type: 'application/json' | 'application/octet-stream' | typeof PROMETHEUS_TEXT
  readonly body: string | Uint8Array
  readonly retryAfter?: number
  /** Of a refusal: the gravest code, for counting. */
  readonly code?: ErrorCode
  /** What caches may do with the answer to a GET; if not given, they ask first. Other answers are kept by none. */
  readonly caching?: Caching
}

export const jsonAnswer = (body: string, status = 200): HttpAnswer => ({
  status,
  type: 'application/json',
  body,
})
export const bytesAnswer = (body: Uint8Array): HttpAnswer => ({
  status: 200,
  type: 'application/octet-stream',
  body,
})

/** Codes with a status of their own; every other is 403 when something is false or refused, 400 when it cannot be read. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  USAGE: 404,
  TOO_LARGE: 413,
  ENCODING_UNKNOWN: 415,
  RATE_LIMITED: 429,
  BUSY: 503,
  STORAGE_FAILED: 503,
  LOCKED: 503,
  LOG_CORRUPT: 503,
  CLOCK_AHEAD: 503,
  BACKEND_FAILED: 503,
  HEAD_MISSING: 503,
  LEAF_MISSING: 404,
  SERVICES_AWAITED: 503,
  PROVIDER_UNAVAILABLE: 503,
  PROVIDER_FAILED: 503,
  INTERNAL: 500,
}

const RETRY_AFTER: Partial<Record<ErrorCode, number>> = {
  RATE_LIMITED: 30,
  BUSY: 2,
  HEAD_MISSING: 60,
  SERVICES_AWAITED: 5,
  STORAGE_FAILED: 10,
  LOCKED: 10,
  PROVIDER_FAILED: 5,
}

/** The one form of every refusal: all failures, the gravest of which decides the status. */
export function refusal(failures: readonly Failure[]): HttpAnswer {
  const code = gravest(failures)?.code ?? 'INTERNAL'
  const body = JSON.stringify({
    failures: failures.map(({ code, rule, field, wanted, given, hint }) => ({
      code,
      exit: EXIT_OF[code],
      rule,
      field,
      wanted,
      given,
      hint,
    })),
  })
  const status = STATUS[code] ?? (EXIT_OF[code] === 4 ? 400 : 403)
  const retryAfter = RETRY_AFTER[code]
  return { ...jsonAnswer(body, status), code, ...(retryAfter === undefined ? {} : { retryAfter }) }
}

/** What a stranger is told of an error: ours in full; of anything else, only that it happened. */
export function refusalOf(error: unknown): HttpAnswer {
  return refusal([failureOf(error)])
}

/** The same for a log. */
export function failureOf(error: unknown): Failure {
  if (error instanceof VouchError) return error
  return { code: 'INTERNAL', rule: 'the server met something that it did not expect' }
}

/** The body of such a refusal, for whatever else answers a stranger with a line. */
export function refusalBody(error: unknown): string {
  return String(refusalOf(error).body)
}

/** How an answer is sent, besides the answer. */
export interface Sending {
  /** The connection must not be used again, as when the server ends. */
  readonly isLast?: boolean
  readonly headers?: Readonly<Record<string, string>>
}

/** Sends an answer; of one that the client has already, and to HEAD, the headers alone. */
export function sendAnswer(
  response: ServerResponse,
  answer: HttpAnswer,
  { isLast = false, headers = {} }: Sending = {},
): void {
  if (response.headersSent || response.destroyed) return
  const { status, type, body, retryAfter, caching = 'ask first' } = answer
  const { method = '', headers: asked } = response.req
  const isGot = status === 200 && (method === 'GET' || method === 'HEAD')
  const etag = isGot ? etagOf(body) : undefined
  const isHeldAlready = etag !== undefined && isHeld(asked['if-none-match'], etag)
  response.statusCode = isHeldAlready ? 304 : status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  response.setHeader('cache-control', CACHE_CONTROL[isGot ? caching : 'nothing'])
  response.setHeader('x-content-type-options', 'nosniff')
  if (etag !== undefined) response.setHeader('etag', etag)
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
  if (!isHeldAlready) {
    response.setHeader('content-type', type)
    response.setHeader('content-length', Buffer.byteLength(body))
  }
  // A body that was refused may still be on its way: what is left of it must not be taken for the next request.
  if (isLast || status >= 400) response.setHeader('connection', 'close')
  response.end(isHeldAlready || method === 'HEAD' ? undefined : body)
}

/** Answers with headers alone. */
export function sendHeaders(response: ServerResponse, headers: Sending['headers'] & object): void {
  response.writeHead(204, { 'cache-control': CACHE_CONTROL.nothing, ...headers }).end()
}
