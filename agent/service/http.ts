import { type EndedRequest, jsonAnswer, LIVENESS_ROUTES, startServer } from '@vouch/host/http'
import type { Wire, WireServing } from './wire.js'

/** Serves asks over HTTP: `POST /`; and says whether the service is alive and ready. */
export async function httpWire(serving: WireServing): Promise<Wire> {
  const { place, exchange, limits, serverLimits, gate, count, noteRefusal } = serving
  const answer = {
    method: 'POST',
    path: /^\/$/,
    bodyLimit: limits.askBytes,
    answer: async (_: WireServing, { body }: { readonly body: Uint8Array }) =>
      jsonAnswer(await exchange(body)),
  } as const
  const site = {
    routes: { '/': answer, ...LIVENESS_ROUTES },
    service: serving,
    noteRefusal,
    onEnded: ({ route, outcome }: EndedRequest) => {
      if (!(route in LIVENESS_ROUTES)) count(outcome)
    },
  }
  const { url, close } = await startServer(site, place, serverLimits, gate)
  return { endpoint: `${url}/`, close }
}
