import { performance } from 'node:perf_hooks'
import {
  failureOf,
  type Limits,
  type ListeningPlace,
  NO_METER,
  observe,
  oncePer,
  type RunningServer,
  startServer,
} from '@vouch/host/http'
import {
  assertKind,
  assertShape,
  type Failure,
  type PublicKey,
  type Shape,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { type AnnouncedKey, type GuestView, guestView, Roll } from '../src/index.js'
import { AGENT_METRICS, attestationCounter } from './agent-metrics.js'
import type { ConfigurationFile } from './configuration-file.js'
import { AGENT_ROUTES } from './http/routes.js'
import type { Log } from './log.js'
import { type Measured, measure } from './measure.js'
import { openProvider } from './providers/index.js'
import { type AnnouncementSocket, openAnnouncementSocket } from './sockets/announcing.js'
import { forgetful, type KeyStore, openKeyStore } from './state.js'

export const AGENT_LIMITS: Limits = {
  writes: { burst: 20, perSecond: 1 },
  reads: { burst: 100, perSecond: 10 },
  concurrent: 32,
  connections: 256,
  perAddress: 32,
  headersMs: 5_000,
  requestMs: 10_000,
  responseMs: 30_000,
  checkMs: 1_000,
}

export interface AgentOptions extends ListeningPlace {
  readonly log: Log
  readonly limits?: Limits
}

export interface RunningAgent {
  readonly address: RunningServer['address']
  /** Where it answers, without a path. */
  readonly url: string
  /** Where its counts are served, if anywhere. */
  readonly metrics: string | undefined
  readonly measured: Measured
  /** Finishes what is in hand, and takes its sockets away. */
  close(): Promise<void>
}

const OPTIONS: Shape<AgentOptions> = { host: 'text', port: 'count', log: 'function' }

/** Starts an agent: measures, listens for its services, then serves strangers. */
export async function startAgent(file: ConfigurationFile, options: AgentOptions): Promise<RunningAgent> {
  assertKind(file, 'object', 'startAgent: file')
  assertShape(options, OPTIONS, 'startAgent: options')
  const { plan } = file
  const measured = await measure(file)
  const provider = await openProvider(plan.provider, file.resolve)
  const keys =
    plan.state === undefined ? forgetful : await openKeyStore(file.resolve(plan.state), measured.osImageHash)
  const stated = plan.services.flatMap(({ name, key }): AnnouncedKey[] =>
    'publicKey' in key ? [{ name, publicKey: key.publicKey }] : [],
  )
  const roll = new Roll(
    plan.services.map(({ name }) => name),
    [...stated, ...keys.known],
  )
  const guest = guestView({
    providerName: plan.provider.name,
    provider,
    roll,
    ...measured,
  })
  const { limits = AGENT_LIMITS, log, meter = NO_METER } = options
  const countAnnouncement = meter.counter(AGENT_METRICS.announcements)
  meter.gauge(AGENT_METRICS.awaited, () => roll.awaited.length)
  const sockets = await openSockets(file, (name, key) =>
    takeKey({ roll, keys, log, count: (outcome) => countAnnouncement({ outcome }) }, name, key),
  )
  let metrics: RunningServer | undefined
  try {
    const site = {
      routes: AGENT_ROUTES,
      service: {
        ...logged(guest, log, attestationCounter(meter, plan.provider.name)),
        unready: readiness(guest, keys),
      },
      noteRefusal: noteRefusal(log),
    }
    metrics = await observe(options, site.service)
    const server = await startServer(site, options, limits)
    const { osImageHash } = measured
    log({
      event: 'started',
      provider: plan.provider.name,
      os_image_hash: toHex(osImageHash),
      awaited: roll.awaited.length,
    })
    return {
      address: server.address,
      url: server.url,
      metrics: metrics && `${metrics.url}/metrics`,
      measured,
      async close() {
        log({ event: 'ending' })
        await server.close()
        await metrics?.close()
        await closeAll(sockets)
      },
    }
  } catch (error) {
    await metrics?.close()
    await closeAll(sockets)
    throw error
  }
}

interface Taking {
  readonly roll: Roll
  readonly keys: KeyStore
  readonly log: Log
  readonly count: (outcome: string) => void
}

/** A service announces. It hears that it was accepted when its key would outlive the agent, and not before. */
async function takeKey(
  { roll, keys, log, count }: Taking,
  name: string,
  publicKey: PublicKey,
): Promise<void> {
  try {
    const news = roll.announce(name, publicKey)
    await keys.keep(roll.announced)
    if (news === 'first') log({ event: 'announced', service: name, awaited: roll.awaited.length })
    count('accepted')
  } catch (error) {
    count(codeOf(error))
    log({ event: 'announcement_refused', service: name, code: codeOf(error) })
    throw error
  }
}

async function openSockets(
  { plan, resolve }: ConfigurationFile,
  take: (name: string, key: PublicKey) => Promise<void>,
): Promise<readonly AnnouncementSocket[]> {
  const opened: AnnouncementSocket[] = []
  try {
    for (const { name, key } of plan.services) {
      if ('socket' in key)
        opened.push(await openAnnouncementSocket(resolve(key.socket), (publicKey) => take(name, publicKey)))
    }
  } catch (error) {
    await closeAll(opened)
    throw error
  }
  return opened
}

async function closeAll(sockets: readonly AnnouncementSocket[]): Promise<void> {
  await Promise.all(sockets.map((socket) => socket.close()))
}

/** How often the disk is asked, however often strangers ask. */
const DISK_SECONDS = 5

/** Whether the guest is whole, and a key that is announced could be kept: everything that is in the way. */
function readiness(guest: GuestView, keys: KeyStore): () => Promise<readonly Failure[]> {
  const ofDisk = oncePer(DISK_SECONDS, () =>
    keys.assertRoom().then(
      () => [],
      (error: unknown) => [failureOf(error)],
    ),
  )
  return async () => [...(await guest.unready()), ...(await ofDisk())]
}

/** The guest, saying what it attests. */
function logged(
  guest: GuestView,
  log: Log,
  count: (outcome: string, milliseconds: number) => void,
): GuestView {
  return {
    ...guest,
    async attest(nonce) {
      const start = performance.now()
      try {
        const attestation = await guest.attest(nonce)
        const milliseconds = performance.now() - start
        count('attested', milliseconds)
        log({ event: 'attested', nonce: toHex(nonce), ms: Math.round(milliseconds) })
        return attestation
      } catch (error) {
        count(codeOf(error), performance.now() - start)
        log({ event: 'attestation_failed', nonce: toHex(nonce), code: codeOf(error) })
        throw error
      }
    },
  }
}

const noteRefusal =
  (log: Log) =>
  (from: string, failures: readonly { readonly code: string }[]): void =>
    log({ event: 'refused', from, codes: failures.map(({ code }) => code) })

function codeOf(error: unknown): string {
  return error instanceof VouchError ? error.code : 'INTERNAL'
}
