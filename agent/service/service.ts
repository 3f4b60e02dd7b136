import { isIP } from 'node:net'
import { Gate, type Origins, type ProxyAddress } from '@vouch/host/http'
import {
  assertShape,
  type ErrorCode,
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
import { publicKeyOf, type Respond } from './sign.js'
import { tcpWire } from './tcp.js'
import type { Wire } from './wire.js'

export interface ServicePlace {
  readonly host: string
  readonly port: number
}

export interface ServiceOptions {
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
  const outcomes = new Map<ErrorCode | 'answered', number>()
  const count = (outcome: ErrorCode | 'answered'): void =>
    void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
  const wires: Wire[] = []
  const timers: NodeJS.Timeout[] = []
  /** Asks are counted, not listed: a log of who asked when would undo what the proofs hide. */
  const report = (): void => {
    if (outcomes.size > 0) log('asks', Object.fromEntries(outcomes))
    outcomes.clear()
  }
  const close = async (): Promise<void> => {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(wires.map((wire) => wire.close(limits.graceMs)))
    report()
  }
  const noteRefusal = (): void => undefined // a refusal is counted, and no log names its client
  const shared = {
    exchange: exchangeWith(signer, respond),
    limits,
    serverLimits: serverLimits(limits),
    count,
  }
  const gate = new Gate(noteRefusal, shared.serverLimits, { proxy: options.proxy })
  try {
    for (const [place, wire] of [
      [options.tcp, tcpWire],
      [options.http, httpWire],
    ] as const) {
      if (place === undefined) continue
      const serving = { ...shared, place: { ...place, origins: options.origins }, gate, noteRefusal }
      wires.push(await wire(serving))
    }
    const endpoints = wires.map(endpointOf)
    if (announceTo !== undefined) {
      await announceWithin(announceTo, publicKey, AGENT_STARTS_WITHIN_MS)
      const again = (): void => {
        announce(announceTo, publicKey).catch((error: unknown) => log('not announced', codeOf(error)))
      }
      timers.push(setInterval(again, EVERY_MS))
    }
    timers.push(setInterval(report, EVERY_MS))
    const key = { x: toHex(publicKey.x), y: toHex(publicKey.y) }
    log('serving', { endpoints, profile, public_key: key, announced: announceTo !== undefined })
    return { publicKey, endpoints, close }
  } catch (error) {
    await close()
    throw error
  }
}

const codeOf = (error: unknown) => ({ code: error instanceof VouchError ? error.code : 'INTERNAL' })

function endpointOf({ address: { address, port }, scheme }: Wire): string {
  const name = isIP(address) === 6 ? `[${address}]` : address
  return `${scheme}://${name}:${port}${scheme === 'http' ? '/' : ''}`
}
