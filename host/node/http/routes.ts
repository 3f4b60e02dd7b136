import { shown, VouchError } from '@vouch/protocol'
import type { HttpAnswer } from './answer.js'

/** What a handler is given of a request. */
export interface HttpAsked {
  readonly body: Uint8Array
  readonly from: string
  /** The part of the path, or of the query, that the route leaves open. */
  readonly argument: string
  /** SHA-256 of the client's certificate, in hexadecimal, where the server asks for one and has verified it. */
  readonly certificate?: string | undefined
}

export interface Route<Service> {
  readonly method: 'GET' | 'POST'
  /** With one group at most: the argument. */
  readonly path: RegExp
  readonly bodyLimit: number
  /** false: web pages have no business here, and no origin is allowed. */
  readonly pages?: false
  readonly answer: (service: Service, asked: HttpAsked) => Promise<HttpAnswer> | HttpAnswer
}

/** Every route of a server under the path that its OpenAPI document has for it. */
export type Routes<Service> = Readonly<Record<string, Route<Service>>>

interface Found<Service> {
  /** The path of the route as the table has it, with nothing of the request in it. */
  readonly pattern: string
  readonly route: Route<Service>
  readonly argument: string
}

/** The route of a request, and its argument; undefined where there is none. A HEAD is a GET whose body is not sent. */
export function findRoute<Service>(
  routes: Routes<Service>,
  method: string,
  url: string,
): Found<Service> | undefined {
  const wanted = method === 'HEAD' ? 'GET' : method
  for (const [pattern, route] of Object.entries(routes)) {
    const match = route.method === wanted ? route.path.exec(url) : null
    if (match !== null) return { pattern, route, argument: match[1] ?? '' }
  }
  return undefined
}

/** The same for a request that must have one. */
export function routeOf<Service>(routes: Routes<Service>, method: string, url: string): Found<Service> {
  const found = findRoute(routes, method, url)
  if (found !== undefined) return found
  throw new VouchError('USAGE', {
    rule: 'the server must know method and path',
    given: `${shown(method)} ${shown(url)}`,
    hint: `there are ${Object.entries(routes)
      .map(([path, { method: known }]) => `${known} ${path}`)
      .join(', ')}`,
  })
}
