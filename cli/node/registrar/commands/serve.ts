import { openHasher } from '@vouch/circuits'
import { type ListeningOptions, limitsFile, placeOf, readLimits } from '@vouch/host/http'
import { numberArgument, serverTerminal, type Terminal } from '@vouch/host/node'
import {
  type AdminOptions,
  auditWarning,
  type ClockOptions,
  clockTrust,
  keyFile,
  openRegistrar,
  REGISTRAR_LIMITS,
  type SigningOptions,
  serveAdmin,
  serveUntilEnded,
  siteOf,
  stepTimer,
  takeOrders,
} from '@vouch/registry/node'

export interface RegistrarServeOptions extends SigningOptions, ListeningOptions, ClockOptions, AdminOptions {
  readonly cutEvery: string
  readonly json?: true
}

/** `registrar serve`: the HTTP interface, and heads on the clock, until it is told to end. */
export async function serveRegistrarCommand(
  terminal: Terminal,
  folder: string,
  options: RegistrarServeOptions,
): Promise<number> {
  const out = await serverTerminal(terminal, options)
  const cutEvery = numberArgument(options.cutEvery, '--cut-every', { min: 1, max: 3600 })
  const place = await placeOf(options, out)
  const limits = await readLimits(limitsFile(folder, options), REGISTRAR_LIMITS)
  const registrar = await openRegistrar(folder, {
    key: keyFile(folder, options),
    clock: clockTrust(out, options),
    hash: await openHasher(),
    onAuditFailure: auditWarning(out),
    onStep: stepTimer(place.meter),
  })
  try {
    const orders = await takeOrders(folder, registrar)
    if (orders === undefined) {
      out.words(
        'registrar: warning: the path of the folder is too long for a socket: nothing can be removed meanwhile',
      )
    }
    try {
      const admin = await serveAdmin(out, registrar, place, options)
      const serving = { site: siteOf(registrar), place, limits, registry: registrar.registry, cutEvery }
      return await serveUntilEnded(out, serving, options).finally(() => admin?.close())
    } finally {
      await orders?.close()
    }
  } finally {
    await registrar.close()
  }
}
