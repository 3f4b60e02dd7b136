import { jsonAnswer, startServer } from '@vouch/host/http'
import type { Wire, WireServing } from './wire.js'

/** Serves asks over HTTP: `POST /`. */
export async function httpWire(serving: WireServing): Promise<Wire> {
  const { place, exchange, limits, serverLimits, gate, count, noteRefusal } = serving
  const answer = {
    method: 'POST',
    path: /^\/$/,
    bodyLimit: limits.askBytes,
    answer: async (_: WireServing, { body }: { readonly body: Uint8Array }) =>
      jsonAnswer(await exchange(body)),
  } as const
  const site = { routes: { '/': answer }, service: serving, count, noteRefusal }
  const { address, close } = await startServer(site, place, serverLimits, gate)
  return { address, scheme: 'http', close }
}
