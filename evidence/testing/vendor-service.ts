import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

// A vendor's service on this machine, with the moods that theirs have.

/** What a service does when it is asked. */
export type Reply = (response: ServerResponse, request: IncomingMessage) => void

export const ok =
  (body: Uint8Array | string, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) =>
    response.writeHead(200, headers).end(body)

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Reply =>
  (response) =>
    response.writeHead(code, headers).end('Sorry!')

/** Promises a thousand bytes, sends a few, and hangs up. */
export const cutShort: Reply = (response) => {
  response.writeHead(200, { 'content-length': '1000' })
  response.write('0123456789', () => response.destroy())
}

/** Promises a thousand bytes, sends a few, and says no more. */
export const stall: Reply = (response) => {
  response.writeHead(200, { 'content-length': '1000' })
  response.write('0123456789')
}

/** Takes the question, and never answers. */
export const neverAnswer: Reply = () => undefined

export const hangUp: Reply = (_, request) => request.socket.destroy()

export interface VendorService {
  readonly url: string
  /** What was asked for, in order. */
  readonly asked: string[]
  close(): Promise<void>
}

/** Serves these paths. Of several replies, each is given once, and the last for ever. */
export async function vendorService(
  replies: Readonly<Record<string, readonly Reply[]>>,
): Promise<VendorService> {
  const asked: string[] = []
  const left = new Map(Object.entries(replies).map(([path, list]) => [path, [...list]]))
  const server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const list = left.get(path)
    const reply = list !== undefined && list.length > 1 ? list.shift() : list?.[0]
    ;(reply ?? status(404))(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
