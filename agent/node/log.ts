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

/** Lines of JSON, for whatever gathers them. */
export function jsonLines(write: (line: string) => void, now: () => Date = () => new Date()): Log {
  return (event) => write(JSON.stringify({ time: now().toISOString(), ...event }))
}
