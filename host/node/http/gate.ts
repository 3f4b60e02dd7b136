import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { type Failure, VouchError } from '@vouch/protocol'
import { forwardedFor, isProxy, type ProxyAddress } from './client-address.js'
import { Crowd } from './crowd.js'
import type { Limits } from './limits.js'
import { Tally } from './tally.js'
import { TokenBuckets } from './token-buckets.js'

const SECOND_MS = 1000

/** A flood is noted when it begins, and once a minute while it lasts: the notes must not become a flood of their own. */
const NOTES = { burst: 1, perSecond: 1 / 60 }

/** What a server knows of its callers' addresses. */
export interface Callers {
  /** Where the reverse proxy is, if there is one. */
  readonly proxy?: ProxyAddress | undefined
  /** Whether an address is one of a peer's, which has limits of its own. */
  readonly isPeer?: ((address: string) => boolean) | undefined
}

/** Tells an operator of a refusal that no handler hears of. */
export type NoteRefusal = (from: string, failures: readonly Failure[]) => Promise<void> | void

/** What one client may take of what all share: connections, requests, work. Servers of several protocols may share one gate. */
export class Gate {
  readonly limits: Limits
  private readonly strangers: Crowd
  private readonly peers: Crowd
  private readonly notes = new TokenBuckets(NOTES)
  private readonly forwarded = new Tally()
  private readonly noteRefusal: NoteRefusal
  private readonly callers: Callers
  /** The kind of clients in whose places a connection is held, for as long as it lasts. */
  private readonly holders = new WeakMap<Socket, Crowd>()
  /** The connection that carries one in TLS, and has its place. */
  private readonly below = new WeakMap<Socket, Socket>()

  constructor(noteRefusal: NoteRefusal, limits: Limits, callers: Callers = {}) {
    this.noteRefusal = noteRefusal
    this.limits = limits
    this.callers = callers
    this.strangers = new Crowd(limits)
    this.peers = limits.peers === undefined ? this.strangers : new Crowd(limits.peers)
  }

  /** Connections that are held now, of strangers and peers together. */
  get connections(): number {
    return this.sumOf(({ connections }) => connections.size)
  }

  /** Requests that are worked on now. */
  get inHand(): number {
    return this.sumOf(({ inHand }) => inHand)
  }

  /** Lets a connection in, or turns it away with the words that `refused` finds for the reason. */
  admitConnection(socket: Socket, refused: (reason: VouchError) => string): boolean {
    const address = addressOf(socket)
    const isForwarding = isProxy(address, this.callers.proxy)
    const crowd = isForwarding ? this.strangers : this.crowdOf(address)
    this.holders.set(socket, crowd)
    const entry = crowd.connections.enter(socket, isForwarding ? undefined : address)
    if (entry === 'entered') return true
    const reason =
      entry === 'full'
        ? new VouchError('BUSY', { rule: 'the server has all the connections that it takes' })
        : new VouchError('RATE_LIMITED', { rule: 'an address may have only so many connections' })
    void this.note(address, reason)
    socket.on('error', () => undefined) // the client may be gone already
    socket.end(refused(reason))
    socket.destroySoon()
    return false
  }

  /** Notes that requests come by `above`, and that `below` has the place. */
  carries(below: Socket, above: Socket): void {
    this.below.set(above, below)
  }

  /** Whose request it is, for limits and for the log: the proxy's word where there is one, and nobody else's. */
  clientOf(request: IncomingMessage): string {
    const address = addressOf(request.socket)
    return (isProxy(address, this.callers.proxy) ? forwardedFor(request) : undefined) ?? address
  }

  /** Whose line it is that comes without HTTP: behind a proxy, which says nothing of its clients, each connection is one. */
  clientOn(socket: Socket): string {
    const address = addressOf(socket)
    return isProxy(address, this.callers.proxy) ? `${address}, port ${socket.remotePort}` : address
  }

  /** Refuses a client that asks too often. */
  async admit(kind: 'read' | 'write', from: string): Promise<void> {
    const grant = this.crowdOf(from).take(kind, from)
    if (grant === 'granted') return
    const error = new VouchError('RATE_LIMITED', { rule: 'an address may ask only so often' })
    if (grant === 'refused for the first time') await this.noteRefusal(from, [error])
    throw error
  }

  /** The same for a request by HTTP; and refuses too much at a time, and what a proxy forwards without saying for whom. */
  async admitRequest(request: IncomingMessage, response: ServerResponse, from: string): Promise<void> {
    await this.admit(request.method === 'POST' ? 'write' : 'read', from)
    if (isProxy(addressOf(request.socket), this.callers.proxy))
      await this.admitForwarded(request, response, from)
  }

  /** Works for a client, within what all clients share. */
  work<T>(from: string, socket: Socket, work: () => Promise<T> | T): Promise<T> {
    const held = this.below.get(socket) ?? socket
    return this.crowdOf(from).work(from, () => this.holderOf(held).connections.during(held, work))
  }

  /** A proxy's connections are everybody's, so what counts is how many of a client's requests it has in hand. */
  private async admitForwarded(
    request: IncomingMessage,
    response: ServerResponse,
    from: string,
  ): Promise<void> {
    if (forwardedFor(request) === undefined)
      throw new VouchError('VALUE_MALFORMED', {
        rule: "the proxy must end X-Forwarded-For with the client's address, without a port",
        hint: 'the server was told that it is behind a proxy: docs/operators.md has settings for some',
      })
    if (this.forwarded.of(from) >= this.crowdOf(from).limits.perAddress) {
      const error = new VouchError('RATE_LIMITED', {
        rule: 'an address may have only so many requests in hand',
      })
      await this.note(from, error)
      throw error
    }
    const socket = this.below.get(request.socket) ?? request.socket
    const { connections } = this.holderOf(socket)
    this.forwarded.enter(from)
    connections.carry(socket, from)
    const leave = (): void => {
      response.off('close', leave)
      socket.off('close', leave)
      this.forwarded.leave(from)
      connections.carry(socket, undefined)
    }
    response.once('close', leave)
    socket.once('close', leave) // an answer that still waits behind another hears of nothing
  }

  private sumOf(count: (crowd: Crowd) => number): number {
    const crowds = new Set([this.strangers, this.peers]) // where peers have no limits of their own, both are one
    return [...crowds].reduce((sum, crowd) => sum + count(crowd), 0)
  }

  private crowdOf(address: string): Crowd {
    return this.callers.isPeer?.(address) ? this.peers : this.strangers
  }

  private holderOf(socket: Socket): Crowd {
    return this.holders.get(socket) ?? this.strangers
  }

  private async note(from: string, error: VouchError): Promise<void> {
    if (this.notes.take(from, Date.now() / SECOND_MS) === 'granted') await this.noteRefusal(from, [error])
  }
}

const addressOf = (socket: Socket): string => socket.remoteAddress ?? 'unknown'
