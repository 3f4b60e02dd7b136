import { type AddressInfo, isIP } from 'node:net'
import { openHasher } from '@vouch/circuits'
import { shown } from '@vouch/protocol'
import { numberArgument, type Terminal } from '@vouch/protocol/node'
import { isLoopback, readLimits, startServer } from '@vouch/protocol/node/http'
import { takeOrders } from '../control.js'
import { keepHeads } from '../head-clock.js'
import { DEFAULT_LIMITS, siteOf } from '../http/site.js'
import { openRegistrar } from '../open-registrar.js'
import { type ListeningOptions, limitsFile, placeOf } from './listening.js'
import { keyFile, type SigningOptions } from './options.js'

export interface ServeOptions extends SigningOptions, ListeningOptions {
  readonly cutEvery: string
  readonly json?: true
}

/** `registrar serve`: the HTTP interface, and heads on the clock, until it is told to end. */
export async function serveCommand(out: Terminal, folder: string, options: ServeOptions): Promise<number> {
  const cutEvery = numberArgument(options.cutEvery, '--cut-every', { min: 1, max: 3600 })
  const place = placeOf(options)
  const limits = await readLimits(limitsFile(folder, options), DEFAULT_LIMITS)
  const registrar = await openRegistrar(folder, {
    key: keyFile(folder, options),
    hash: await openHasher(),
    onAuditFailure: (error) =>
      out.words(`registrar: error: the private log was not written: ${shown(error)}`),
  })
  try {
    const orders = await takeOrders(folder, registrar)
    if (orders === undefined) {
      out.words(
        'registrar: warning: the path of the folder is too long for a socket: nothing can be removed meanwhile',
      )
    }
    try {
      const told = ended() // before anybody knows that it is there to be told
      const endHeads = await keepHeads(registrar.registry, cutEvery, (error) =>
        out.words(
          `registrar: error: no head could be cut: ${error instanceof Error ? error.message : 'unknown'}`,
        ),
      )
      try {
        const server = await startServer(siteOf(registrar), place, limits)
        sayWhere(out, server.address, options)
        await told
        out.words('registrar: finishing what is in hand')
        await server.close()
      } finally {
        endHeads()
      }
      return 0
    } finally {
      await orders?.close()
    }
  } finally {
    await registrar.close()
  }
}

export function sayWhere(
  out: Terminal,
  { address, port }: AddressInfo,
  { json }: Pick<ServeOptions, 'json'>,
): void {
  const url = `http://${isIP(address) === 6 ? `[${address}]` : address}:${port}`
  out.data(json ? JSON.stringify({ url }) : `serving ${url}`)
  if (!isLoopback(address)) {
    out.words('registrar: warning: this address is not loopback, and what it speaks is not encrypted')
  }
}

export function ended(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
}
