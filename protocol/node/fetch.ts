import { boundedBody, shown, VouchError } from '../src/index.js'

const TIMEOUT_MS = 30_000

/**
 * Gets what a registry has at an address. The server is believed in nothing: not in what it sends, nor in how much of it.
 * `hint` says what to do when it does not answer.
 */
export async function fetchBounded(url: string, limit: number, hint: string): Promise<Uint8Array> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const response = await fetch(url, { signal, redirect: 'error' })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return await boundedBody(response, limit, signal)
  } catch (cause) {
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
