import { createHash } from 'node:crypto'

/**
 * What a cache may do with an answer: keep nothing; keep it, and ask before each use whether it still holds; or keep it,
 * because its address names its content. A cache that shows yesterday's head hides a removal.
 */
export type Caching = 'nothing' | 'ask first' | 'content'

export const CACHE_CONTROL: Readonly<Record<Caching, string>> = {
  nothing: 'no-store',
  'ask first': 'no-cache',
  content: 'public, max-age=31536000, immutable',
}

/** The entity tag of a body: the same bytes have the same tag on every server of the same registry. */
export function etagOf(body: string | Uint8Array): string {
  return `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`
}

/** Whether If-None-Match says that a client has this body (RFC 9110, 13.1.2: a weak comparison). */
export function isHeld(ifNoneMatch: string | undefined, etag: string): boolean {
  const given = ifNoneMatch?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return given.includes(etag) || (given.length === 1 && given[0] === '*')
}
