// A server that has enough says when to come again. Clients that all come back at that second bring it down once more.

/** What waiting takes of the world around: tests bring their own. */
export interface Waiting {
  /** Now, in milliseconds. */
  readonly now: () => number
  /** 0 to 1, without 1. */
  readonly random: () => number
  /** Rejects when the signal says that the caller has given up. */
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>
}

/** How long a client waits for a server that has enough. */
export interface Patience {
  /** How often it asks again. */
  readonly retries: number
  /** From the first question to the last pause's end. A server that asks for more is not waited for. */
  readonly totalMs: number
}

export interface AskingAgain {
  readonly signal?: AbortSignal | undefined
  readonly patience?: Partial<Patience> | undefined
  readonly waiting?: Waiting | undefined
}

const PATIENCE: Patience = { retries: 3, totalMs: 60_000 }

const SYSTEM: Waiting = { now: Date.now, random: Math.random, sleep }

/** Statuses that say: not now. Neither says that anything was done. */
const LATER = [429, 503]
const SECOND_MS = 1000

/**
 * Asks, and asks again when the answer says when: never earlier, and later by a random part of the pause, so that clients
 * that were refused together do not come together. What a server may make a client wait is bounded.
 */
export async function askAgain<T extends { readonly response: Pick<Response, 'status' | 'headers'> }>(
  ask: () => Promise<T>,
  { signal, patience, waiting = SYSTEM }: AskingAgain = {},
): Promise<T> {
  const { retries, totalMs } = { ...PATIENCE, ...patience }
  const start = waiting.now()
  for (let asked = 0; ; asked++) {
    const answer = await ask()
    const pause = pauseFor(answer.response, waiting)
    if (pause === undefined || asked >= retries || waiting.now() - start + pause > totalMs) return answer
    await waiting.sleep(pause, signal)
  }
}

function pauseFor(
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  { now, random }: Waiting,
): number | undefined {
  const told = LATER.includes(status) ? retryAfterMs(headers.get('retry-after'), now()) : undefined
  return told === undefined ? undefined : Math.ceil(told + random() * Math.max(SECOND_MS, told / 2))
}

/** The pause that a Retry-After asks for (RFC 9110, 10.2.3): seconds, or a date. */
export function retryAfterMs(text: string | null, now: number): number | undefined {
  if (text === null) return undefined
  if (/^[0-9]{1,6}$/.test(text)) return SECOND_MS * Number(text)
  const date = /^[A-Z][a-z]{2}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', giveUp)
      resolve()
    }, ms)
    if (signal?.aborted) giveUp()
    signal?.addEventListener('abort', giveUp, { once: true })
  })
}
