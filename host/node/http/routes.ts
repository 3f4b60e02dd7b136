import { shown, VouchError } from '@vouch/protocol'
import type { HttpAnswer } from './answer.js'

/** What a handler is given of a request. */
export interface HttpAsked {
  readonly body: Uint8Array
  readonly from: string
  /** The part of the path, or of the query, that the route leaves open. */
  readonly argument: string
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

/** The route of a request, and its argument. A HEAD is a GET whose body is not sent. */
export function routeOf<Service>(
  routes: Routes<Service>,
  method: string,
  url: string,
): { readonly route: Route<Service>; readonly argument: string } {
  const wanted = method === 'HEAD' ? 'GET' : method
  for (const route of Object.values(routes)) {
    const match = route.method === wanted ? route.path.exec(url) : null
    if (match !== null) return { route, argument: match[1] ?? '' }
  }
  throw new VouchError('USAGE', {
    rule: 'the server must know method and path',
    given: `${shown(method)} ${shown(url)}`,
    hint: `there are ${Object.entries(routes)
      .map(([path, { method: known }]) => `${known} ${path}`)
      .join(', ')}`,
  })
}
