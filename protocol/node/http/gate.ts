import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { VouchError } from '../../src/index.js'
import { refusalOf } from './answer.js'
import { forwardedFor, isProxy, type ProxyAddress } from './client-address.js'
import type { Limits, Site } from './server.js'
import { Tally } from './tally.js'
import { TokenBuckets } from './token-buckets.js'

const SECOND_MS = 1000

/** A flood is noted when it begins, and once a minute while it lasts: the notes must not become a flood of their own. */
const NOTES = { burst: 1, perSecond: 1 / 60 }

/** What one client may take of what all share: requests, connections, places. */
export class Gate {
  private readonly writes: TokenBuckets
  private readonly reads: TokenBuckets
  private readonly notes = new TokenBuckets(NOTES)
  private readonly connections: Tally
  private readonly inHand: Tally
  private readonly site: Pick<Site<unknown>, 'noteRefusal'>
  private readonly proxy: ProxyAddress | undefined

  constructor(site: Pick<Site<unknown>, 'noteRefusal'>, limits: Limits, proxy: ProxyAddress | undefined) {
    this.site = site
    this.proxy = proxy
    this.writes = new TokenBuckets(limits.writes)
    this.reads = new TokenBuckets(limits.reads)
    this.connections = new Tally(limits.perAddress)
    this.inHand = new Tally(limits.perAddress)
  }

  /** Turns a connection away whose address has enough of them, in words. All that a proxy forwards comes from one address. */
  admitConnection(socket: Socket): void {
    const address = socket.remoteAddress ?? 'unknown'
    if (isProxy(address, this.proxy)) return
    if (this.connections.enter(address)) {
      socket.once('close', () => this.connections.leave(address))
      return
    }
    const error = new VouchError('RATE_LIMITED', { rule: 'an address may have only so many connections' })
    void this.note(address, error)
    const { body } = refusalOf(error)
    socket.on('error', () => undefined) // who is turned away may be gone already
    socket.end(
      `HTTP/1.1 429 Too Many Requests\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    )
    socket.destroySoon()
  }

  /** Whose request it is, for limits and for the log: the proxy's word where there is one, and nobody else's. */
  clientOf(request: IncomingMessage): string {
    const address = request.socket.remoteAddress ?? 'unknown'
    return (isProxy(address, this.proxy) ? forwardedFor(request) : undefined) ?? address
  }

  /** Refuses a client that asks too often, or for too much at a time, and what a proxy forwards without saying for whom. */
  async admitRequest(request: IncomingMessage, response: ServerResponse, from: string): Promise<void> {
    const grant = (request.method === 'GET' ? this.reads : this.writes).take(from, Date.now() / SECOND_MS)
    if (grant !== 'granted') {
      const error = new VouchError('RATE_LIMITED', { rule: 'an address may ask only so often' })
      if (grant === 'refused for the first time') await this.site.noteRefusal(from, [error])
      throw error
    }
    if (isProxy(request.socket.remoteAddress ?? 'unknown', this.proxy))
      await this.admitForwarded(request, response, from)
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
    if (!this.inHand.enter(from)) {
      const error = new VouchError('RATE_LIMITED', {
        rule: 'an address may have only so many requests in hand',
      })
      await this.note(from, error)
      throw error
    }
    const { socket } = request
    const leave = (): void => {
      response.off('close', leave)
      socket.off('close', leave)
      this.inHand.leave(from)
    }
    response.once('close', leave)
    socket.once('close', leave) // an answer that still waits behind another hears of nothing
  }

  private async note(from: string, error: VouchError): Promise<void> {
    if (this.notes.take(from, Date.now() / SECOND_MS) === 'granted')
      await this.site.noteRefusal(from, [error])
  }
}
