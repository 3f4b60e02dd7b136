import { type ErrorCode, shown, VouchError } from './errors.js'

// A question over the network that came to nothing. `fetch` says "fetch failed", and keeps what failed in its cause.

/** Why a body is not read to its end. */
export const TOO_LONG = 'the answer is too long'

export interface Unanswered {
  readonly code: ErrorCode
  /** What was being done, where more than one thing can be. */
  readonly doing?: string
  /** Who was asked: "the registry". */
  readonly who: string
  /** The address, as far as it may be shown. */
  readonly where: string
  /** Why, as `whyUnanswered` says it, or a status. */
  readonly why: string
  /** What to do about it. */
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** The one way to say that a question came to nothing: who was asked, where, what failed, and what to do. */
export function unanswered({ code, doing, who, where, why, hint, cause }: Unanswered): VouchError {
  return new VouchError(
    code,
    {
      rule: `${doing === undefined ? '' : `${doing}: `}no usable answer from ${who} at ${shown(where)}: ${why}`,
      hint: hint ?? 'correct the address, or see to it that something answers there',
    },
    { cause },
  )
}

/**
 * What failed, in words, with the system's own name for it. Where there is no such name, the innermost message: it may be a
 * stranger's, and is shown as such. `otherwise` takes its place where messages may hold what is secret.
 */
export function whyUnanswered(error: unknown, otherwise?: string): string {
  const chain = causesOf(error)
  const code = chain.map(codeOf).find((one) => one !== undefined)
  if (code !== undefined) return `${WORDS[code] ?? 'the connection failed'} (${code})`
  if (chain.some(({ name }) => name === 'TimeoutError')) return 'no answer in time'
  const message = otherwise ?? chain.at(-1)?.message ?? 'it failed'
  return MESSAGES.get(message) ?? shown(message)
}

/** What has no name, only words. */
const MESSAGES: ReadonlyMap<string, string> = new Map([
  ['bad port', 'a port that fetch never asks'],
  ['unexpected redirect', 'a redirect, which is not followed'],
  [TOO_LONG, TOO_LONG],
])

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed by the other side',
  EPIPE: 'connection closed by the other side',
  UND_ERR_SOCKET: 'connection closed by the other side',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the host',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'no answer in time',
  CERT_HAS_EXPIRED: 'the certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is not trusted',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is not trusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is not trusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is not trusted',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is of another host',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS: try http',
}

const MAX_CAUSES = 8

/** An error and what caused it, as far down as anybody nests them. */
function causesOf(error: unknown): readonly Error[] {
  const chain: Error[] = []
  for (let at = error; at instanceof Error && chain.length < MAX_CAUSES; at = at.cause) chain.push(at)
  return chain
}

/** The system's or the library's name for what failed. A DOMException has a number there. */
function codeOf(error: Error): string | undefined {
  const code = 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined
}
