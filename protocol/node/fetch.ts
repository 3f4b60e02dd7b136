import { askAgain, boundedBody, shown, VouchError, type Waiting } from '../src/index.js'

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
  const askOnce = async () => {
    const timeout = AbortSignal.timeout(timeoutMs ?? TIMEOUT_MS)
    const within = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
    const response = await fetch(url, { signal: within, redirect: 'error' })
    if (response.ok) return { response, body: await boundedBody(response, limit, within) }
    await response.body?.cancel()
    return { response }
  }
  try {
    const patience = timeoutMs === undefined ? {} : { totalMs: timeoutMs }
    const { response, body } = await askAgain(askOnce, { signal, patience, waiting })
    if (body === undefined) throw new Error(`status ${response.status}`)
    return body
  } catch (cause) {
    if (signal?.aborted)
      throw new VouchError('CANCELLED', { rule: 'the operation was cancelled by its caller' })
    throw new VouchError(
      'REGISTRY_UNREACHABLE',
      {
        rule: 'the registry must answer with what it was asked for',
        given: `${shown(url)}: ${cause instanceof Error ? shown(cause.message) : 'failed'}`,
        hint,
      },
      { cause },
    )
  }
}
