import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type Limits, startServer } from '@vouch/host/http'
import { PEER_LIMITS, REGISTRAR_LIMITS } from '@vouch/registry/node'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type NodeService, nodeSiteOf } from '../node/trust/http.js'
import { PeerAddresses } from '../node/trust/peer-addresses.js'

// Strangers and peers before one trust node: what strangers use up is not the peers'. Who is who, addresses of loopback say.

const PEER = '127.0.0.9'
const STRANGER = '127.0.0.2'

/** A node that hands out nonces, at once or when it is told to. */
async function serve(
  limits: Partial<Limits>,
  nonce: () => Promise<never> = () => Promise.reject(new Error()),
) {
  const service: NodeService = {
    nonce,
    admit: () => Promise.reject(new Error('not in this test')),
    endorse: () => Promise.reject(new Error('not in this test')),
    policies: () => [],
    unready: async () => [],
    noteRefusal: () => Promise.resolve(),
  }
  const peers = await PeerAddresses.open([], [PEER])
  const place = { host: '127.0.0.1', port: 0, isPeer: (address: string) => peers.has(address) }
  const server = await startServer(nodeSiteOf(service), place, {
    ...REGISTRAR_LIMITS,
    peers: PEER_LIMITS,
    ...limits,
  })
  onTestFinished(async () => {
    peers.close()
    await server.close(0)
  })
  return server.address.port
}

function status(
  port: number,
  localAddress: string,
  method = 'GET',
  path = '/policies.json',
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(
      { port, host: '127.0.0.1', localAddress, method, path, agent: false },
      (response) => {
        response.resume().on('end', () => resolve(response.statusCode ?? 0))
      },
    ).on('error', reject)
    if (method === 'POST') sending.setHeader('content-type', 'application/json')
    sending.end(method === 'POST' ? `{"version":1,"credential":"${'0'.repeat(64)}"}` : undefined)
  })
}

const opened = (port: number, localAddress: string): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', localAddress }, () => resolve(socket))
    socket.on('error', () => undefined)
    onTestFinished(() => void socket.destroy())
  })

const isEnded = (socket: Socket): Promise<boolean> =>
  new Promise((resolve) => {
    socket.resume().once('close', () => resolve(true))
    setTimeout(() => resolve(socket.closed), 300)
  })

describe('a peer of a trust node', () => {
  test('has a rate of its own, and no other without end', async () => {
    const rate = { burst: 2, perSecond: 0.001 }
    const port = await serve({
      writes: rate,
      peers: { ...PEER_LIMITS, writes: { burst: 4, perSecond: 0.001 } },
    })
    const of = async (address: string, times: number) => {
      const statuses = []
      for (let i = 0; i < times; i++) statuses.push(await status(port, address, 'POST', '/nonce'))
      return statuses.filter((one) => one !== 429).length
    }
    expect(await of(STRANGER, 5)).toBe(2)
    expect(await of(PEER, 6)).toBe(4)
  })

  test('is answered while strangers have in hand all that they may', async () => {
    const never = new Promise<never>(() => undefined)
    const port = await serve({ concurrent: 2 }, () => never)
    void status(port, '127.0.0.2', 'POST', '/nonce').catch(() => 0)
    void status(port, '127.0.0.3', 'POST', '/nonce').catch(() => 0)
    await expect.poll(() => status(port, '127.0.0.4')).toBe(503)
    expect(await status(port, PEER)).toBe(200)
  })

  test('keeps its connections, however many strangers come', async () => {
    const port = await serve({ connections: 4, perAddress: 4 })
    const peer = await opened(port, PEER)
    const strangers = []
    for (let i = 2; i < 22; i++) strangers.push(await opened(port, `127.0.0.${i + 20}`))
    expect(await isEnded(strangers[0] as Socket)).toBe(true)
    expect(await isEnded(peer)).toBe(false)
    expect(await status(port, PEER)).toBe(200)
  })
})

test('where nodes talk to one another, pages of no origin do', async () => {
  const port = await serve({})
  for (const method of ['OPTIONS', 'POST']) {
    const headers = { origin: 'https://app.example', 'content-type': 'application/json' }
    const body = method === 'POST' ? { body: '{}' } : {}
    const answer = await fetch(`http://127.0.0.1:${port}/admissions`, { method, headers, ...body })
    const told = [...answer.headers.keys()].filter((name) => name.startsWith('access-control'))
    expect([method, told]).toEqual([method, []])
  }
})

describe('the addresses of peers', () => {
  test('are those that their URLs lead to, those that the operator names, and no others', async () => {
    const hosts: string[] = []
    const find = async (host: string) => {
      hosts.push(host)
      return host === 'b.example' ? ['203.0.113.7', '2001:db8:0:7::1'] : [host]
    }
    const urls = ['https://b.example:8443/vouch', 'http://b.example', 'http://[2001:db8:0:8::1]:80']
    const peers = await PeerAddresses.open(urls, ['198.51.100.7'], { find })
    onTestFinished(() => peers.close())
    expect(hosts).toEqual(['b.example', '2001:db8:0:8::1'])
    for (const one of [
      '203.0.113.7',
      '::ffff:203.0.113.7',
      '2001:db8:0:7::99',
      '2001:db8:0:8::2',
      '198.51.100.7',
    ])
      expect([one, peers.has(one)]).toEqual([one, true])
    for (const one of ['203.0.113.8', '2001:db8:0:9::1', 'b.example', '']) expect(peers.has(one)).toBe(false)
  })

  test('are looked up anew, and kept while they cannot be', async () => {
    let answer: () => Promise<readonly string[]> = () => Promise.resolve(['203.0.113.7'])
    const peers = await PeerAddresses.open(['https://b.example'], [], { find: () => answer() })
    onTestFinished(() => peers.close())
    answer = () => Promise.reject(new Error('no resolver'))
    await peers.refresh()
    expect(peers.has('203.0.113.7')).toBe(true)
    answer = () => Promise.resolve(['203.0.113.8'])
    await peers.refresh()
    expect([peers.has('203.0.113.7'), peers.has('203.0.113.8')]).toEqual([false, true])
  })
})
