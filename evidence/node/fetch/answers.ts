import { retryAfterMs } from '@vouch/host'
import { unanswered, VouchError, whyUnanswered } from '@vouch/protocol'

// Asking a vendor's service: they answer slowly, not at all, or with a request to come back later.

/** What asking takes of the world around: tests bring their own. */
export interface VendorNetwork {
  readonly fetch: typeof fetch
  readonly sleep: (ms: number) => Promise<void>
  /** Now, in milliseconds. */
  readonly now: () => number
}

/** How long somebody waits who asks. */
export interface VendorPatience {
  readonly attempts: number
  /** The first pause; each is twice the one before. */
  readonly pauseMs: number
  /** The longest pause that a service may ask for. */
  readonly maxPauseMs: number
  /** For one answer. */
  readonly timeoutMs: number
}

export const PATIENCE: VendorPatience = { attempts: 5, pauseMs: 1000, maxPauseMs: 60_000, timeoutMs: 30_000 }

export interface VendorAnswer {
  readonly body: Uint8Array
  readonly headers: Headers
}

/** Larger than anything that is published. */
const MAX_ANSWER_BYTES = 1_048_576

/** An answer that is not the one wanted: what to do next hangs on why. */
type Outcome =
  | { readonly kind: 'answered'; readonly answer: VendorAnswer }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'later'; readonly why: string; readonly pauseMs?: number }
  | { readonly kind: 'refused'; readonly why: string }

/** The answer at an address; nothing when the service knows of none. Whoever is told to wait waits, as often as patience lasts. */
export async function ask(
  network: VendorNetwork,
  url: string,
  patience: VendorPatience,
): Promise<VendorAnswer | undefined> {
  let pause = patience.pauseMs
  for (let attempt = 1; ; attempt++) {
    const outcome = await askOnce(network, url, patience.timeoutMs)
    if (outcome.kind === 'answered') return outcome.answer
    if (outcome.kind === 'unknown') return undefined
    if (outcome.kind === 'refused') throw vendorUnreachable(url, outcome.why)
    const wait = outcome.pauseMs ?? pause
    if (attempt >= patience.attempts || wait > patience.maxPauseMs)
      throw vendorUnreachable(
        url,
        `${outcome.why}, ${attempt === 1 ? 'asked once' : `asked ${attempt} times`}`,
      )
    await network.sleep(wait)
    pause *= 2
  }
}

async function askOnce({ fetch, now }: VendorNetwork, url: string, timeoutMs: number): Promise<Outcome> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: 'error' })
    const { status, headers } = response
    if (status === 200) return { kind: 'answered', answer: { body: await bodyOf(response), headers } }
    await response.body?.cancel()
    const why = `status ${status}`
    if (status === 404) return { kind: 'unknown' }
    if (status !== 429 && status < 500) return { kind: 'refused', why }
    const pauseMs = retryAfterMs(headers.get('retry-after'), now())
    return { kind: 'later', why, ...(pauseMs === undefined ? {} : { pauseMs }) }
  } catch (error) {
    if (error instanceof VouchError) throw error
    return { kind: 'later', why: whyUnanswered(error) }
  }
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of response.body ?? []) {
    size += part.length
    if (size > MAX_ANSWER_BYTES) throw vendorUnreachable(response.url, 'the answer is too long')
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}

export const vendorUnreachable = (url: string, why: string): VouchError =>
  unanswered({
    code: 'VENDOR_UNREACHABLE',
    who: "the vendor's service",
    where: url.replace(/\?.*/, ''),
    why,
    hint: 'try again later, or name another place with --mirror',
  })
