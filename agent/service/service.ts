import {
  type Address,
  type AskOutcome,
  meteredGate,
  NO_METER,
  type Observed,
  type Origins,
  observe,
  type ProxyAddress,
  type RunningServer,
  type TlsIdentity,
} from '@vouch/host/http'
import {
  assertShape,
  type Failure,
  type ProfileName,
  type PublicKey,
  type Shape,
  toHex,
  VouchError,
} from '@vouch/protocol'
import { announce, announceWithin } from './announce.js'
import { exchangeWith } from './exchange.js'
import { httpWire } from './http.js'
import { openKey } from './key.js'
import { SERVICE_LIMITS, type ServiceLimits, serverLimits } from './limits.js'
import { wireMeter } from './service-metrics.js'
import { publicKeyOf, type Respond } from './sign.js'
import { tcpWire } from './tcp.js'
import type { Wire } from './wire.js'

export type ServicePlace = Address

export interface ServiceOptions extends Observed {
  readonly profile: ProfileName
  /** The file of the key, in a folder that lives in memory; made at the first start. */
  readonly keyFile: string
  /** Lets the key lie on a disk. For development alone. */
  readonly keyAnywhere?: boolean
  /** The socket that the agent made for this service; without it nobody is told the key. */
  readonly announceTo?: string
  readonly tcp?: ServicePlace
  readonly http?: ServicePlace
  /** Where the reverse proxy is, if there is one: its word counts for whose ask it is. Over TCP it has none to give. */
  readonly proxy?: ProxyAddress
  /** What it shows in TLS over HTTP; over TCP there is none. */
  readonly tls?: TlsIdentity | undefined
  /** Of which origins web pages may ask over HTTP; if not given, of all. */
  readonly origins?: Origins
  readonly respond: Respond
  readonly limits?: Partial<ServiceLimits>
  /** Facts for an operator: never a message, a nonce or a key that is secret. */
  readonly log?: (event: string, facts?: Readonly<Record<string, unknown>>) => void
}

export interface RunningService {
  readonly publicKey: PublicKey
  /** Where it answers: `tcp://HOST:PORT`, `http://HOST:PORT/`. */
  readonly endpoints: readonly string[]
  /** Where its counts are served, if anywhere. */
  readonly metrics?: string | undefined
  /** Takes nothing new, finishes what is in hand, ends. */
  close(): Promise<void>
}

const AGENT_STARTS_WITHIN_MS = 30_000
/** The agent may start anew and must hear the key again; to announce it twice does no harm. */
const EVERY_MS = 60_000

const OPTIONS: Shape<ServiceOptions> = { profile: 'text', keyFile: 'text', respond: 'function' }

/** Starts a service: reads or makes its key, listens, and tells its agent. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  assertShape(options, OPTIONS, 'startService: options')
  const { profile, keyFile, keyAnywhere, announceTo, respond, log = () => undefined } = options
  const limits = { ...SERVICE_LIMITS, ...options.limits }
  const signer = { profile, secretKey: await openKey(keyFile, { anywhere: keyAnywhere ?? false }) }
  const publicKey = publicKeyOf(signer)
  const { meter = NO_METER } = options
  const { count, report } = askTally(log)
  const wires: Wire[] = []
  let metrics: RunningServer | undefined
  let isAnnounced = announceTo === undefined
  const timers: NodeJS.Timeout[] = []
  const close = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(wires.map((wire) => wire.close(limits.graceMs)))
    await metrics?.close()
    report()
  }
  const noteRefusal = (): void => undefined // a refusal is counted, and no log names its client
  const unready = async (): Promise<readonly Failure[]> => (isAnnounced ? [] : [UNANNOUNCED])
  const exchange = exchangeWith(signer, respond)
  const shared = { limits, serverLimits: serverLimits(limits), noteRefusal, unready }
  const gate = meteredGate(noteRefusal, shared.serverLimits, { proxy: options.proxy, meter })
  try {
    for (const [scheme, place, wire] of [
      ['tcp', options.tcp, tcpWire],
      ['http', options.http, httpWire],
    ] as const) {
      if (place === undefined) continue
      const counted = wireMeter(meter, scheme, count)
      const listening = { ...place, origins: options.origins, tls: options.tls, meter }
      const serving = { ...shared, gate, place: listening, exchange: counted.exchange(exchange) }
      wires.push(await wire({ ...serving, count: counted.count }))
    }
    metrics = await observe(options, { unready })
    const endpoints = wires.map(({ endpoint }) => endpoint)
    if (announceTo !== undefined) {
      await announceWithin(announceTo, publicKey, AGENT_STARTS_WITHIN_MS)
      isAnnounced = true
      const again = (): void => {
        announce(announceTo, publicKey).catch((error: unknown) => log('not announced', codeOf(error)))
      }
      timers.push(setInterval(again, EVERY_MS))
    }
    timers.push(setInterval(report, EVERY_MS))
    const key = { x: toHex(publicKey.x), y: toHex(publicKey.y) }
    log('serving', { endpoints, profile, public_key: key, announced: announceTo !== undefined })
    return { publicKey, endpoints, metrics: metrics && `${metrics.url}/metrics`, close }
  } catch (error) {
    await close()
    throw error
  }
}

const codeOf = (error: unknown) => ({ code: error instanceof VouchError ? error.code : 'INTERNAL' })

/** Asks are counted, not listed: a log of who asked when would undo what the proofs hide. */
function askTally(log: NonNullable<ServiceOptions['log']>) {
  const outcomes = new Map<AskOutcome, number>()
  return {
    count: (outcome: AskOutcome): void => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1),
    report: (): void => {
      if (outcomes.size > 0) log('asks', Object.fromEntries(outcomes))
      outcomes.clear()
    },
  }
}

const UNANNOUNCED: Failure = { code: 'AGENT_UNREACHABLE', rule: 'the agent has not heard the key yet' }
