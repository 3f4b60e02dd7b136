import { concat, TOO_LONG } from '@vouch/protocol'

/**
 * Reads what a server answers up to a limit and until the signal, and nothing past either: the server decides how much it
 * sends, and how slowly. That the request was made with the same signal is not enough: fetch lets go of it once the headers
 * are there, and a body that stalls is then waited for.
 */
export async function boundedBody(
  response: Response,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  const giveUp = (): void => void reader?.cancel().catch(() => undefined)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    signal.throwIfAborted()
    for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
      size += part.value.length
      if (size > limit) throw new Error(TOO_LONG)
      parts.push(part.value)
    }
    signal.throwIfAborted() // a reader that was cancelled ends as if all had been read
    return concat(...parts)
  } catch (error) {
    giveUp()
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
