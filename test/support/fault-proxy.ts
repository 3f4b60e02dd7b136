import {
  type AddressInfo,
  connect,
  createServer,
  type ListenOptions,
  type NetConnectOpts,
  type Socket,
} from 'node:net'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/**
 * What goes wrong between two parties, to what flows one way; `after` and `at` count bytes of a connection, or of what the
 * server says once the client has said `since`.
 */
export type Fault = { readonly towards?: 'client' | 'server'; readonly since?: string } & (
  | { readonly kind: 'none' }
  /** The connection is reset. */
  | { readonly kind: 'drop'; readonly after: number }
  /** Every piece comes late. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection ends as if all had been said. */
  | { readonly kind: 'truncate'; readonly after: number }
  /** One bit is another. */
  | { readonly kind: 'corrupt'; readonly at: number }
  /** Nothing more comes, and nothing ends. */
  | { readonly kind: 'stall'; readonly after: number }
)

export interface FaultProxy {
  /** Where to connect instead: a port on loopback, unless it listens at a path. */
  readonly port: number
  /** For the connections that follow. */
  fault: Fault
  /** How many have come so far. */
  readonly accepted: number
  /** What each side has said, harmed or not, over all connections. */
  readonly said: Readonly<Record<'client' | 'server', Buffer[]>>
  close(): Promise<void>
}

/** Stands between a client and a server, over TCP or unix sockets, and does harm to what they say. */
export async function startFaultProxy(
  to: NetConnectOpts,
  fault: Fault = { kind: 'none' },
  listen: ListenOptions = { host: '127.0.0.1', port: 0 },
): Promise<FaultProxy> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (client) => {
    proxy.accepted++
    const peer = connect({ ...to, allowHalfOpen: true })
    for (const socket of [client, peer]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => sockets.delete(socket))
    }
    relay(client, peer, proxy.fault, proxy.said)
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(listen, resolve))
  const proxy: { -readonly [Name in keyof FaultProxy]: FaultProxy[Name] } = {
    port: listen.path === undefined ? (server.address() as AddressInfo).port : 0,
    fault,
    accepted: 0,
    said: { client: [], server: [] },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
  return proxy
}

function relay(client: Socket, server: Socket, fault: Fault, said: FaultProxy['said']): void {
  const breakOff = (): void => {
    for (const socket of [client, server]) socket.destroy()
  }
  const reset = (): void => {
    // Unix sockets know no reset: for them the connection just ends in the middle.
    for (const socket of [client, server])
      socket.remoteAddress === undefined ? socket.destroy() : socket.resetAndDestroy()
  }
  const none: Fault = { kind: 'none' }
  const isUpwards = fault.towards === 'server'
  const { since = '' } = fault
  let asked = ''
  const note = (heard: Buffer[]) => (chunk: Buffer) => void heard.push(chunk)
  const hear = (chunk: Buffer): void => {
    note(said.client)(chunk)
    asked += chunk.toString('latin1')
  }
  const up = pipeline(client, harm(isUpwards ? fault : none, reset, hear), server)
  const down = pipeline(
    server,
    harm(isUpwards ? none : fault, reset, note(said.server), () => asked.includes(since)),
    client,
  )
  for (const flow of [up, down]) flow.catch(breakOff)
}

/** A stream that tells what it is given, and passes it on, but for the fault. */
function harm(
  fault: Fault,
  reset: () => void,
  hear: (chunk: Buffer) => void,
  hasBegun = (): boolean => true,
): Transform {
  let passed = 0
  let isOver = false
  return new Transform({
    transform(chunk: Buffer, _, done) {
      hear(chunk)
      if (!hasBegun()) return done(null, chunk)
      const from = passed
      passed += chunk.length
      switch (fault.kind) {
        case 'none':
          return done(null, chunk)
        case 'delay':
          return void setTimeout(() => done(null, chunk), fault.ms)
        case 'corrupt':
          return done(null, corrupted(chunk, fault.at - from))
        case 'drop':
          if (passed <= fault.after) return done(null, chunk)
          return reset()
        case 'truncate':
          if (isOver) return done()
          isOver = passed >= fault.after
          this.push(chunk.subarray(0, fault.after - from))
          if (isOver) this.push(null)
          return done()
        case 'stall':
          this.push(chunk.subarray(0, Math.max(0, fault.after - from)))
          return passed < fault.after ? done() : undefined
      }
    },
  })
}

function corrupted(chunk: Buffer, at: number): Buffer {
  const changed = Buffer.from(chunk)
  const byte = changed[at]
  if (byte !== undefined) changed[at] = byte ^ 1
  return changed
}
