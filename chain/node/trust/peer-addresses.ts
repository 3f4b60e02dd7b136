import { lookup } from 'node:dns/promises'
import { networkOf } from '@vouch/host/http'

/** How often the addresses behind the peers' names are looked up anew. */
const EVERY_MS = 300_000

/** All addresses of a host. */
export type Lookup = (host: string) => Promise<readonly string[]>

const systemLookup: Lookup = async (host) => (await lookup(host, { all: true })).map(({ address }) => address)

/**
 * Where the peers of a trust node ask from: the addresses that their URLs lead to, and those that the operator names. A
 * peer's word is worth no more for it: its requests count against limits of the peers' own, which no stranger can use up.
 */
export class PeerAddresses {
  private readonly known: ReadonlySet<string>
  private readonly hosts: readonly string[]
  private readonly find: Lookup
  private readonly found = new Map<string, ReadonlySet<string>>()
  private readonly timer: NodeJS.Timeout

  private constructor(urls: readonly string[], addresses: readonly string[], find: Lookup, everyMs: number) {
    this.known = new Set(addresses.map(networkOf))
    this.hosts = [...new Set(urls.map((url) => new URL(url).hostname.replace(/^\[|\]$/g, '')))]
    this.find = find
    this.timer = setInterval(() => void this.refresh(), everyMs).unref()
  }

  static async open(
    urls: readonly string[],
    addresses: readonly string[],
    { find = systemLookup, everyMs = EVERY_MS } = {},
  ): Promise<PeerAddresses> {
    const peers = new PeerAddresses(urls, addresses, find, everyMs)
    await peers.refresh()
    return peers
  }

  /** An IPv6 peer counts with its network, as every client does. */
  has(address: string): boolean {
    const network = networkOf(address)
    return this.known.has(network) || [...this.found.values()].some((networks) => networks.has(network))
  }

  /** A name that cannot be looked up now keeps the addresses that it had. */
  async refresh(): Promise<void> {
    const looking = this.hosts.map(async (host) => {
      const addresses = await this.find(host).catch(() => undefined)
      if (addresses !== undefined) this.found.set(host, new Set(addresses.map(networkOf)))
    })
    await Promise.all(looking)
  }

  close(): void {
    clearInterval(this.timer)
  }
}
