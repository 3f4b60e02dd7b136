import { shown, VouchError } from '@vouch/protocol'
import type { Routes } from './routes.js'

/**
 * The web pages that may read answers and post: those of every origin, or those of a list. Answers depend on no cookie and no
 * other credential of the visitor, so a page gets what every stranger gets; credentials are never allowed.
 */
export type Origins = '*' | readonly string[]

type Headers = Readonly<Record<string, string>>

const EXPOSED = 'etag, retry-after'
const ALLOWED_HEADERS = 'content-type, if-none-match'
/** As long as browsers keep the answer to a preflight; none keeps it longer than a day. */
const PREFLIGHT_SECONDS = '86400'

/** What a page is told with an answer. Where the answer depends on the origin, caches must know. */
export function headersFor(origins: Origins, origin: string | undefined): Headers {
  const exposed = { 'access-control-expose-headers': EXPOSED }
  if (origins === '*') return { 'access-control-allow-origin': '*', ...exposed }
  if (origins.length === 0) return {}
  const isAllowed = origin !== undefined && origins.includes(origin)
  return { vary: 'origin', ...(isAllowed ? { 'access-control-allow-origin': origin, ...exposed } : {}) }
}

/** What OPTIONS is answered with: the methods; and to the browser of a page that may ask, what the page may send. */
export function preflightHeaders<Service>(
  routes: Routes<Service>,
  url: string,
  forOrigin: Headers,
): Headers | undefined {
  const methods = Object.values(routes).flatMap(({ method, path }) => {
    if (!path.test(url)) return []
    return method === 'GET' ? ['GET', 'HEAD'] : [method]
  })
  if (methods.length === 0) return undefined
  const allow = { ...forOrigin, allow: [...methods, 'OPTIONS'].join(', ') }
  if (forOrigin['access-control-allow-origin'] === undefined) return allow
  return {
    ...allow,
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-max-age': PREFLIGHT_SECONDS,
  }
}

/** The origins that an operator names: `*`, `none`, or a list. */
export function originsArgument(given: readonly string[] = ['*']): Origins {
  const [first, ...others] = given
  if (others.length === 0 && first === '*') return '*'
  if (others.length === 0 && first === 'none') return []
  return given.map((text) => {
    if (URL.canParse(text) && new URL(text).origin === text) return text
    throw new VouchError('USAGE', {
      rule: '--allow-origin must be *, none, or origins as browsers write them',
      given: shown(text),
      hint: 'for example --allow-origin https://app.example: no path, and no / at the end',
    })
  })
}
