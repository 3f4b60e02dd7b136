import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { fromHex, toHex } from '@vouch/protocol'

// A machine that signs, as `docs/keys.md` describes one. The real one keeps its key better.

/** Answers as such a machine does that has this key. */
export const signingWith =
  (secret: Uint8Array): RequestListener =>
  async (request, response) => {
    if (request.method === 'GET' && request.url === '/key') {
      return response.end(JSON.stringify({ public_key: toHex(secp256k1.getPublicKey(secret)) }))
    }
    let body = ''
    for await (const part of request) body += part
    const digest = /^\{"digest":"([0-9a-f]{64})"\}$/.exec(body)?.[1]
    if (request.method !== 'POST' || request.url !== '/sign' || digest === undefined) {
      return response.writeHead(400).end()
    }
    const signature = secp256k1.sign(fromHex(digest), secret, { prehash: false })
    return response.end(JSON.stringify({ signature: toHex(signature) }))
  }

/** Listens on a unix socket. */
export async function listenOn(socket: string, answer: RequestListener): Promise<Server> {
  const server = createServer(answer).listen(socket)
  await once(server, 'listening')
  return server
}
