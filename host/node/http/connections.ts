import type { Socket } from 'node:net'
import type { CrowdLimits } from './limits.js'
import { networkOf } from './network.js'

/** A connection that is held. */
interface Held {
  /** Whose it is, as limits count clients; unknown while the proxy's own connection carries no request. */
  client: string | undefined
  /** Requests on it that the server works at. While there are any, the connection is not taken away. */
  working: number
  /** When the client's turn began: to send a request, or to read its answer. */
  waitingSince: number
}

/**
 * The connections of one kind of clients. When all places are taken, a newcomer gets the place of the client that has most
 * of them, if that client has more than the newcomer: the connection there that has kept the server waiting longest goes. An
 * attacker who fills all places with slow connections loses them one by one to the clients that come.
 */
export class Connections {
  private readonly held = new Map<Socket, Held>()
  private readonly limits: Pick<CrowdLimits, 'connections' | 'perAddress'>
  private readonly now: () => number

  constructor(limits: Pick<CrowdLimits, 'connections' | 'perAddress'>, now = () => performance.now()) {
    this.limits = limits
    this.now = now
  }

  /** Gives a connection a place, or says why there is none. `address` is left out for the proxy, whose limit is its own affair. */
  enter(socket: Socket, address?: string): 'entered' | 'client has enough' | 'full' {
    const client = address === undefined ? undefined : networkOf(address)
    const own = client === undefined ? 0 : this.countOf(client)
    if (client !== undefined && own >= this.limits.perAddress) return 'client has enough'
    if (this.held.size >= this.limits.connections && !this.makeRoom(own)) return 'full'
    this.held.set(socket, { client, working: 0, waitingSince: this.now() })
    socket.once('close', () => this.held.delete(socket))
    return 'entered'
  }

  /** Notes whose request the proxy's connection carries, so that no client of the proxy fills all places through it. */
  carry(socket: Socket, address: string | undefined): void {
    const held = this.held.get(socket)
    if (held !== undefined) held.client = address === undefined ? undefined : networkOf(address)
  }

  /** Works for the client of a connection: meanwhile the connection is not taken away. */
  async during<T>(socket: Socket, work: () => Promise<T> | T): Promise<T> {
    const held = this.held.get(socket)
    if (held !== undefined) held.working++
    try {
      return await work()
    } finally {
      if (held !== undefined) {
        held.working--
        held.waitingSince = this.now()
      }
    }
  }

  get size(): number {
    return this.held.size
  }

  private countOf(client: string): number {
    let count = 0
    for (const held of this.held.values()) if (held.client === client) count++
    return count
  }

  /** Ends the slowest connection of the client that has most, if that is more than `own`. */
  private makeRoom(own: number): boolean {
    const counts = new Map<string | undefined, number>()
    for (const { client } of this.held.values()) counts.set(client, (counts.get(client) ?? 0) + 1)
    counts.set(undefined, own + 1) // an idle connection of the proxy may go, after those of greedy clients
    const countOf = ({ client }: Held): number => counts.get(client) ?? 0
    const [first] = [...this.held]
      .filter(([, held]) => held.working === 0 && countOf(held) > own)
      .sort(([, a], [, b]) => countOf(b) - countOf(a) || a.waitingSince - b.waitingSince)
    if (first === undefined) return false
    const [slowest] = first
    this.held.delete(slowest) // its place is free at once; that it has ended is told later
    slowest.destroy()
    return true
  }
}
