import { type AddressInfo, isIP, type Server } from 'node:net'
import { shown, VouchError } from '@vouch/protocol'

/** Where a server answers, without a path. */
export function urlAt({ address, port }: AddressInfo, scheme = 'http'): string {
  return `${scheme}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`
}

/** Listens, and says where. */
export function listening(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const given = shown(`${host}:${port}`)
      reject(new VouchError('USAGE', { rule: 'host and port must be free to listen on', given }, { cause }))
    })
    server.listen(port, host, () => {
      const address = server.address()
      if (address !== null && typeof address !== 'string') return resolve(address)
      reject(new VouchError('INTERNAL', { rule: 'a server must have an address' }))
    })
  })
}
