import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { shown, VouchError } from '@vouch/protocol'

/** Which address the reverse proxy has: the only one whose word counts for where a request comes from. */
export type ProxyAddress = 'loopback' | string

export const isLoopback = (address: string): boolean => /^(127\.|::1$)/.test(plainAddress(address))

/** An IPv4 address in the form of IPv6, as a socket for both tells it, is what it was. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

export function isProxy(address: string, proxy: ProxyAddress | undefined): boolean {
  if (proxy === undefined) return false
  return proxy === 'loopback' ? isLoopback(address) : plainAddress(address) === plainAddress(proxy)
}

/**
 * The address of a client behind the proxy: the last hop, which the proxy itself has added. All that stands before it is the
 * client's own to write. `undefined` where the proxy has added no address.
 */
export function forwardedFor({ headers }: IncomingMessage): string | undefined {
  const hops = headers['x-forwarded-for']
  const last = (Array.isArray(hops) ? hops.join() : hops)?.split(',').at(-1)?.trim() ?? ''
  return isIP(last) === 0 ? undefined : plainAddress(last)
}

/** Where an operator says that the proxy is; on this machine, if no address is given with the option. */
export function proxyArgument(given: string | true): ProxyAddress {
  if (given === true || given === 'loopback') return 'loopback'
  if (isIP(given) !== 0) return given
  throw new VouchError('USAGE', {
    rule: '--behind-proxy must be an address',
    given: shown(given),
    hint: 'for example --behind-proxy 10.0.0.2, or loopback for a proxy on this machine',
  })
}
