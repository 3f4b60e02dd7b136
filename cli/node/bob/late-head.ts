import { dateOf } from '@vouch/host/node'
import type { AcceptancePolicy, Head } from '@vouch/protocol'
import { lateHead } from '@vouch/verifier'

/** What a person must know of a registry that has fallen silent, while its head still counts: since when, and what stops when. */
export function lateWords(head: Head, { headAge }: AcceptancePolicy, now: number): readonly string[] {
  const late = lateHead(head, headAge, now)
  if (late === undefined) return []
  const { since, until } = late
  const stops =
    until >= now ? `Requests and bundles are refused from ${dateOf(until)} on` : 'it counts no more'
  return [`the registry has had no new head since ${dateOf(since)}: its registrar may be down; ${stops}`]
}
