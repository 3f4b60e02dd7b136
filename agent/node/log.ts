import type { ServerTerminal } from '@vouch/host/node'

/** What an agent says of itself, one event to a line. No key, no evidence: names, codes and nonces, which are public. */
export type LogEvent =
  | {
      readonly event: 'started'
      readonly provider: string
      readonly os_image_hash: string
      readonly awaited: number
    }
  | { readonly event: 'announced'; readonly service: string; readonly awaited: number }
  | { readonly event: 'announcement_refused'; readonly service: string; readonly code: string }
  | { readonly event: 'attested'; readonly nonce: string; readonly ms: number }
  | { readonly event: 'attestation_failed'; readonly nonce: string; readonly code: string }
  | { readonly event: 'refused'; readonly from: string; readonly codes: readonly string[] }
  | { readonly event: 'ending' }

export type Log = (event: LogEvent) => void

const WORSE = new Set<LogEvent['event']>(['announcement_refused', 'attestation_failed', 'refused'])

/** Tells events where a server speaks. */
export function logOn(out: Pick<ServerTerminal, 'event'>): Log {
  return ({ event, ...facts }) => out.event(event, facts, WORSE.has(event) ? 'warn' : 'info')
}
