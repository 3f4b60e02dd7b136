import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A registrar, or a mirror of it, that does its work and may say something else: what stands between, and hears all. */
export interface Front {
  readonly url: string
  /** What it was asked for, in order. */
  readonly heard: string[]
  /** What the registrar's answer at a path becomes. */
  change: (path: string, body: Buffer) => Buffer | string
  /** Hangs up on everybody. */
  down: boolean
  close(): Promise<void>
}

export async function startFront(registrar: string): Promise<Front> {
  const server = createServer(async (request, response) => {
    front.heard.push(`${request.method} ${request.url}`)
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    if (front.down) return void response.destroy()
    const posting = {
      method: 'POST',
      body: Buffer.concat(parts),
      headers: { 'content-type': 'application/json' },
    }
    const answer = await fetch(`${registrar}${request.url}`, request.method === 'POST' ? posting : {})
    const body = Buffer.from(await answer.arrayBuffer())
    response.writeHead(answer.status).end(front.change(request.url ?? '', body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const front: Front = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard: [],
    change: (_, body) => body,
    down: false,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return front
}
