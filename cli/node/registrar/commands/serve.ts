import { existsSync } from 'node:fs'
import { openHasher } from '@vouch/circuits'
import { type ListeningOptions, limitsFile, placeOf, readLimits } from '@vouch/host/http'
import { numberArgument, serverTerminal, type Terminal } from '@vouch/host/node'
import { VouchError } from '@vouch/protocol'
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
  storeOf,
  takeOrders,
} from '@vouch/registry/node'

export interface RegistrarServeOptions extends SigningOptions, ListeningOptions, ClockOptions, AdminOptions {
  readonly cutEvery: string
  /** Another database than the folder's own. */
  readonly store?: string
  /** A folder for a server of files, and where readers find it. */
  readonly auditDays?: string
  readonly publish?: string
  readonly published?: string
  readonly json?: true
}

/** `registrar serve`: the HTTP interface, and heads on the clock, until it is told to end. */
export async function serveRegistrarCommand(
  terminal: Terminal,
  folder: string,
  options: RegistrarServeOptions,
): Promise<number> {
  if (options.published !== undefined && options.publish === undefined)
    throw new VouchError('USAGE', { rule: '--published must be given with --publish' })
  const { auditDays } = options
  const days = { min: 1, max: 36_500 }
  const out = await serverTerminal(terminal, options)
  const cutEvery = numberArgument(options.cutEvery, '--cut-every', { min: 1, max: 3600 })
  const place = await placeOf(options, out)
  const limits = await readLimits(limitsFile(folder, options), REGISTRAR_LIMITS)
  const registrar = await openRegistrar(folder, {
    key: await signingKey(out, folder, options),
    clock: clockTrust(out, options),
    hash: await openHasher(),
    store: options.store,
    auditDays: auditDays === undefined ? undefined : numberArgument(auditDays, '--audit-days', days),
    publish: options.publish,
    published: options.published,
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

/** The key that this process signs with. On a server's store one process signs, and others need no key. */
async function signingKey(
  out: Terminal,
  folder: string,
  options: RegistrarServeOptions,
): Promise<string | undefined> {
  const key = keyFile(folder, options)
  const isElsewhere = (await storeOf(folder, options)) !== undefined
  if (!isElsewhere || options.key !== undefined || existsSync(key)) return key
  out.words('registrar: no signer.key is here: this process admits, and another signs heads')
  return undefined
}
