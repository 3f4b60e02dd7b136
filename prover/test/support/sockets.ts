import dns from 'node:dns'
import { appendFileSync } from 'node:fs'
import net from 'node:net'

// Every connection that this process opens and every name that it looks up, at the lowest level that JavaScript has: HTTP, TLS
// and TCP all come through here. Imported into a test; or into a process (`--import`), with a file in $VOUCH_SOCKETS to write to.

const opened: string[] = []

function note(what: string): void {
  opened.push(what)
  const file = process.env.VOUCH_SOCKETS
  if (file !== undefined) appendFileSync(file, `${what}\n`)
}

const { connect } = net.Socket.prototype
net.Socket.prototype.connect = function (this: net.Socket, ...given: readonly unknown[]) {
  note(`to ${placeOf(given)}`)
  return Reflect.apply(connect, this, given)
} as typeof connect

/** Node hands its own arguments on as one list, options first. */
function placeOf(given: readonly unknown[]): string {
  const [first, second] = Array.isArray(given[0]) ? (given[0] as readonly unknown[]) : given
  if (typeof first === 'object' && first !== null) {
    const { path, host = 'localhost', port } = first as net.TcpNetConnectOpts & { readonly path?: string }
    return path ?? `${host}:${port}`
  }
  return typeof first === 'number' ? `${String(second ?? 'localhost')}:${first}` : String(first)
}

const { lookup } = dns
/** What is called so is asked of a resolver, unless it is an address already. */
dns.lookup = Object.assign((...given: Parameters<typeof lookup>) => {
  if (net.isIP(given[0]) === 0) note(`name ${given[0]}`)
  return Reflect.apply(lookup, dns, given)
}, lookup) as typeof lookup

/** What was opened while something was done, in order. */
export async function socketsOf(doing: () => Promise<unknown>): Promise<readonly string[]> {
  const before = opened.length
  await doing()
  return opened.slice(before)
}
