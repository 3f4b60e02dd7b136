import { concat } from './bytes.js'

/** Reads what a server answers up to a limit, and nothing past it: the server decides how much it sends. */
export async function boundedBody(response: Response, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = response.body?.getReader()
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.length
    if (size > limit) {
      await reader?.cancel()
      throw new Error('the answer is too long')
    }
    parts.push(part.value)
  }
  return concat(...parts)
}
