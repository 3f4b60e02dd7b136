import { assertWanted, unanswered, VouchError, whyUnanswered } from '@vouch/protocol'
import { boundedBody } from '../src/body.js'
import { askAgain, type Waiting } from '../src/retry.js'

const TIMEOUT_MS = 30_000

/** How long an answer may take, and whether anybody still wants it. */
export interface Bounds {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** The clock and the chance by which a server that has enough is asked again. */
  readonly waiting?: Waiting | undefined
}

/**
 * Gets what a registry has at an address. The server is believed in nothing: not in what it sends, nor in how much of it.
 * `hint` says what to do when it does not answer.
 */
export async function fetchBounded(
  url: string,
  limit: number,
  hint: string,
  { timeoutMs, signal, waiting }: Bounds = {},
): Promise<Uint8Array> {
  const limitMs = timeoutMs ?? TIMEOUT_MS
  const refuse = (why: string, cause?: unknown): VouchError =>
    unanswered({ code: 'REGISTRY_UNREACHABLE', who: 'the registry', where: url, why, hint, cause })
  const askOnce = async () => {
    const timeout = AbortSignal.timeout(limitMs)
    const within = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    const response = await fetch(url, { signal: within, redirect: 'error' })
    if (response.ok) return { response, body: await boundedBody(response, limit, within) }
    await response.body?.cancel()
    return { response }
  }
  try {
    const patience = timeoutMs === undefined ? {} : { totalMs: timeoutMs }
    const { response, body } = await askAgain(askOnce, { signal, patience, waiting })
    if (body === undefined) throw refuse(`status ${response.status}`)
    return body
  } catch (cause) {
    assertWanted(signal)
    if (cause instanceof VouchError) throw cause
    throw refuse(isTimeout(cause) ? `no answer within ${limitMs} ms` : whyUnanswered(cause), cause)
  }
}

const isTimeout = (cause: unknown): boolean => cause instanceof DOMException && cause.name === 'TimeoutError'
