import { openHasher } from '@vouch/circuits'
import type { TlsOptions } from '@vouch/host/http'
import { bytesArgument, type Terminal } from '@vouch/host/node'
import { VouchError } from '@vouch/protocol'
import {
  auditWarning,
  type ClockOptions,
  clockTrust,
  handOver,
  keyFile,
  type Order,
  type Outcome,
  openRegistrar,
  type SigningOptions,
} from '@vouch/registry/node'

export interface RemoveOptions extends SigningOptions, ClockOptions, TlsOptions {
  readonly credential?: string
  readonly machine?: string
  readonly reason: string
  readonly json?: true
}

/** `registrar remove`: empties leaves for cause, bans their credentials, and refuses every earlier root at once. */
export async function removeCommand(out: Terminal, folder: string, options: RemoveOptions): Promise<number> {
  const { credential, machine, reason, json } = options
  if ((credential === undefined) === (machine === undefined)) {
    throw new VouchError('USAGE', { rule: 'a removal must name either --credential or --machine' })
  }
  const order =
    machine === undefined
      ? orderOf('remove', bytesArgument(credential ?? '', '--credential'), reason)
      : orderOf('ban', bytesArgument(machine, '--machine'), reason)
  const outcome = await give(out, folder, order, options)
  const { removed, seq } = outcome
  const warnings = warningsOf(outcome)
  const wasDone = order.action === 'remove' && removed === 0
  if (json) out.data(JSON.stringify({ removed, seq, ...(warnings.length > 0 && { warnings }) }))
  else if (wasDone) out.data('removed 0 leaves; the credential was removed before')
  else out.data(`removed ${removed} leaves; head ${seq} refuses every earlier root`)
  return 0
}

export interface ReadmitOptions extends TlsOptions {
  readonly machine: string
  readonly reason: string
}

/** `registrar readmit`: lets a machine that was removed be admitted again. */
export async function readmitCommand(
  out: Terminal,
  folder: string,
  options: ReadmitOptions,
): Promise<number> {
  const { machine, reason } = options
  await give(out, folder, orderOf('readmit', bytesArgument(machine, '--machine'), reason), options)
  out.words('registrar: the machine may enroll again; what was removed stays removed')
  return 0
}

function orderOf(action: Order['action'], subject: Uint8Array, reason: string): Order {
  return { version: 1, action, subject, reason: new TextEncoder().encode(reason) }
}

/** What the disk refused of an order that is done. */
function warningsOf({ isPublished, isNoted }: Outcome): readonly string[] {
  const all: readonly (readonly [boolean, string])[] = [
    [
      isPublished,
      'done, but head.json was not written: make room on the disk, and the next head is; servers show this one already',
    ],
    [isNoted, 'done, but the audit has no line of it: make room on the disk'],
  ]
  return all.flatMap(([isFine, warning]) => (isFine ? [] : [warning]))
}

/** Has an order carried out by the registrar that serves the folder, or here when none does. */
async function give(
  out: Terminal,
  folder: string,
  order: Order,
  options: SigningOptions & ClockOptions & TlsOptions,
): Promise<Outcome> {
  const outcome =
    (await handOver(folder, order, options)) ?? (await carriedOutHere(out, folder, order, options))
  for (const warning of warningsOf(outcome)) out.words(`registrar: warning: ${warning}`)
  return outcome
}

async function carriedOutHere(
  out: Terminal,
  folder: string,
  order: Order,
  options: SigningOptions & ClockOptions,
): Promise<Outcome> {
  const registrar = await openRegistrar(folder, {
    key: order.action === 'readmit' ? undefined : keyFile(folder, options),
    clock: clockTrust(out, options),
    hash: await openHasher(),
    onAuditFailure: auditWarning(out),
  })
  try {
    return await registrar.carryOut(order)
  } finally {
    await registrar.close()
  }
}
