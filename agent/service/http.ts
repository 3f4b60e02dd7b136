import { jsonAnswer, startServer } from '@vouch/host/http'
import type { Serving, Wire } from './wire.js'

/** Serves asks over HTTP: `POST /`. */
export async function httpWire(serving: Serving): Promise<Wire> {
  const { place, exchange, limits, serverLimits, gate, count, noteRefusal } = serving
  const answer = {
    method: 'POST',
    path: /^\/$/,
    bodyLimit: limits.askBytes,
    answer: async (_: Serving, { body }: { readonly body: Uint8Array }) => jsonAnswer(await exchange(body)),
  } as const
  const site = { routes: { '/': answer }, service: serving, count, noteRefusal }
  const { address, close } = await startServer(site, place, serverLimits, gate)
  return { address, scheme: 'http', close }
}
