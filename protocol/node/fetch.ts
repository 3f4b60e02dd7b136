import { boundedBody, unanswered, VouchError, whyUnanswered } from '../src/index.js'

const TIMEOUT_MS = 30_000

/** How long an answer may take, and whether anybody still wants it. */
export interface Bounds {
  readonly timeoutMs?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Gets what a registry has at an address. The server is believed in nothing: not in what it sends, nor in how much of it.
 * `hint` says what to do when it does not answer.
 */
export async function fetchBounded(
  url: string,
  limit: number,
  hint: string,
  { timeoutMs = TIMEOUT_MS, signal }: Bounds = {},
): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(timeoutMs)
  const within = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  const refuse = (why: string, cause?: unknown): VouchError =>
    unanswered({ code: 'REGISTRY_UNREACHABLE', who: 'the registry', where: url, why, hint, cause })
  try {
    const response = await fetch(url, { signal: within, redirect: 'error' })
    if (!response.ok) throw refuse(`status ${response.status}`)
    return await boundedBody(response, limit, within)
  } catch (cause) {
    if (signal?.aborted)
      throw new VouchError('CANCELLED', { rule: 'the operation was cancelled by its caller' })
    if (cause instanceof VouchError) throw cause
    throw refuse(timeout.aborted ? `no answer within ${timeoutMs} ms` : whyUnanswered(cause), cause)
  }
}
