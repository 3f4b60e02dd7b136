import { bytesArgument, dateOf, durationArgument, type Terminal, untilInterrupted } from '@vouch/host/node'
import { type Draft, equalBytes, sentence, toHex, VouchError } from '@vouch/protocol'
import {
  type Alice,
  heldRegistries,
  isFailed,
  keepSyncing,
  type SyncOptions,
  type SyncTold,
  syncAndClaim,
} from '@vouch/prover/node'
import {
  describeEach,
  isUnreadable,
  orUnreadable,
  statusOf,
  unreadableJson,
  unreadableRow,
} from './credential.js'
import { type ChainCommandOptions, onChainNamed } from './enroll.js'

export interface SyncCommandOptions extends ChainCommandOptions {
  readonly credential?: string
  readonly registry?: string
  readonly signer?: string
  readonly every?: string
  readonly json?: true
}

/** `alice sync`: brings her copies of registries up to their newest heads, and believes nothing on the way. */
export async function syncCopiesCommand(
  out: Terminal,
  alice: Alice,
  options: SyncCommandOptions,
): Promise<number> {
  const registries = await registriesMeant(alice, options)
  const reading = readingOf(out, options)
  if (options.every !== undefined) return syncEver(out, alice, options.every, reading, options)
  const synced: SyncTold[] = []
  for (const held of registries) synced.push(await syncOne(alice, held, reading))
  for (const told of synced) sayClaimed(out, told)
  const names = options.credential === undefined ? await alice.home.credentials() : [options.credential]
  const states = await describeEach(alice, names)
  if (options.json) {
    const credentials = states.map((one) =>
      isUnreadable(one) ? unreadableJson(one) : { name: one.name, state: one.state },
    )
    out.data(JSON.stringify({ registries: synced.map(jsonOf), credentials }))
  } else {
    for (const told of synced) out.data(rowOf(told))
    for (const one of states) {
      const [name, state] = isUnreadable(one) ? unreadableRow(one) : [one.name, one.state]
      out.data(`credential ${name}  ${state}`)
    }
  }
  return statusOf(states)
}

/** The registries that are synced. What names one place to read from, or one signer, must mean one of them. */
async function registriesMeant(
  { home }: Alice,
  { credential, registry, signer, rpc, every }: SyncCommandOptions,
): Promise<readonly Draft[]> {
  if (every !== undefined && (credential ?? signer) !== undefined) {
    throw new VouchError('USAGE', {
      rule: '--every must be given without --credential and --signer',
      hint: 'all that you hold is synced at each tick; name a new signer to one alice sync before',
    })
  }
  const registries =
    credential === undefined ? await heldRegistries(home) : [await home.credential(credential)]
  if (registries.length === 0) {
    throw new VouchError('USAGE', {
      rule: 'there must be a credential whose registry is synced',
      hint: 'alice enroll',
    })
  }
  if (registries.length > 1 && (registry ?? signer ?? rpc) !== undefined) {
    throw new VouchError('USAGE', { rule: '--credential must say which registry is meant' })
  }
  return registries
}

function readingOf(out: Terminal, options: SyncCommandOptions): SyncOptions {
  const { registry, signer } = options
  return {
    mirror: registry,
    onChain: onChainNamed(out, options),
    signer: signer === undefined ? undefined : bytesArgument(signer, '--signer', 33),
    onBucket: (done, of) => {
      if (done % PROGRESS_EVERY === 0) out.words(`alice: ${done} of ${of} buckets`)
    },
  }
}

const PROGRESS_EVERY = 32

async function syncOne(alice: Alice, held: Draft, reading: SyncOptions): Promise<SyncTold> {
  const told = await syncAndClaim(alice, held, reading)
  if (reading.signer !== undefined) await repin(alice, held.registry.id, reading.signer)
  return told
}

/** The registrar has announced a new key, and the holder believes it: from now on no other. */
async function repin({ home }: Alice, id: Uint8Array, signer: Uint8Array): Promise<void> {
  for (const name of await home.credentials()) {
    const credential = await orUnreadable(name, home.credential(name))
    if (!isUnreadable(credential) && equalBytes(credential.registry.id, id)) {
      await home.updateCredential({ ...credential, registry: { id, signer } }, name)
    }
  }
}

/** Once at the start, then at each tick, until interrupted. A mirror that fails is told of, and asked again at the next. */
async function syncEver(
  out: Terminal,
  alice: Alice,
  every: string,
  reading: SyncOptions,
  { json }: SyncCommandOptions,
): Promise<number> {
  const everyMs = durationArgument(every, '--every', { min: 1, max: LONGEST_EVERY }) * 1000
  const interrupted = untilInterrupted()
  const round = async (signal: AbortSignal): Promise<void> => {
    const told: SyncTold[] = []
    await alice.round({ ...reading, signal }, (one) => {
      told.push(one)
      sayClaimed(out, one)
      if (isFailed(one)) sayFailed(out, one)
      else if (!json) out.data(rowOf(one))
    })
    if (json && told.length > 0) out.data(JSON.stringify({ registries: told.map(jsonOf) }))
  }
  await round(interrupted)
  await keepSyncing(round, { everyMs, signal: interrupted, ref: true })
  out.words('alice: interrupted: your copies stay as they are')
  return 0
}

const LONGEST_EVERY = 86_400

const nameOf = ({ registryId }: SyncTold): string => `registry ${toHex(registryId).slice(0, 16)}…`

function rowOf(told: SyncTold): string {
  if (isFailed(told)) return `${nameOf(told)}  not synced`
  const { seq, size, time } = told.head
  return `${nameOf(told)}  head ${seq} of ${dateOf(time)}, ${size} leaves`
}

function sayFailed(out: Terminal, told: Extract<SyncTold, { error: VouchError }>): void {
  const { error, since } = told
  out.words(
    `alice: error: ${nameOf(told)} was not synced, since ${dateOf(since)}: ${sentence(error)} [${error.code}]`,
  )
  if (error.hint !== undefined) out.words(`alice: hint: ${error.hint}`)
}

function sayClaimed(out: Terminal, told: SyncTold): void {
  if (isFailed(told)) return
  for (const name of told.claimed) out.words(`alice: ${name} was admitted after all, and is kept`)
}

function jsonOf(told: SyncTold) {
  const id = toHex(told.registryId)
  if (isFailed(told)) {
    const { code, rule, given, hint } = told.error
    return { id, error: { code, rule, given, hint }, since: told.since }
  }
  const { head, fetched, buckets } = told
  return { id, seq: head.seq, size: head.size, time: head.time, fetched, buckets }
}
