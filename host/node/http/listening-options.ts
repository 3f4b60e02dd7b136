import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { shown, VouchError } from '@vouch/protocol'
import type { LogOptions, ServerTerminal } from '../log/server-terminal.js'
import { openMeter } from '../metrics/open-meter.js'
import { numberArgument } from '../terminal/arguments.js'
import type { Terminal } from '../terminal/terminal.js'
import { proxyArgument } from './client-address.js'
import type { Address, Observed } from './observed.js'
import { originsArgument } from './origins.js'
import { type RequestLogOptions, requestLog } from './request-log.js'
import type { ListeningPlace } from './server.js'
import { TlsIdentity } from './tls.js'

/** What a server lets its operator see of it: what all commands that serve share. */
export interface ObservingOptions extends LogOptions, RequestLogOptions {
  readonly metricsListen?: string | undefined
}

/** What a server shows itself by. */
export interface TlsOptions {
  readonly tlsCert?: string | undefined
  readonly tlsKey?: string | undefined
}

/** Where to listen, and to whom: what all commands that serve share. */
export interface ListeningOptions extends ObservingOptions, TlsOptions {
  readonly host: string
  readonly port: string
  /** true: the proxy is on this machine. */
  readonly behindProxy?: string | true
  readonly limits?: string
  readonly allowOrigin?: readonly string[]
}

/** The same, as commands show it. */
export const OBSERVING_OPTIONS = [
  ['--metrics-listen <address>', 'serve Prometheus metrics there, as host:port (default: nowhere)'],
  ['--log <format>', 'how the server speaks on stderr: json, or words (default: words on a terminal)'],
  ['--log-requests', 'log each request: method, route, status and milliseconds, no address'],
  ['--log-addresses', 'with --log-requests: the network of the client too'],
] as const

export const TLS_OPTIONS = [
  ['--tls-cert <file>', 'speak TLS, with this certificate and its chain in PEM; read anew on SIGHUP'],
  ['--tls-key <file>', "the certificate's key in PEM, for its owner alone"],
] as const

export const LISTENING_OPTIONS = [
  ['--limits <file>', 'what clients may take, in YAML (default: limits.yaml in the folder, if it is there)'],
  ['--allow-origin <origins...>', 'web pages that may ask: *, none, or origins (default: *)'],
  ...OBSERVING_OPTIONS,
  ...TLS_OPTIONS,
] as const

export async function placeOf(options: ListeningOptions, out: ServerTerminal): Promise<ListeningPlace> {
  const { host, port, behindProxy, allowOrigin } = options
  return {
    ...(await observedOf(options, out)),
    host,
    port: numberArgument(port, '--port', { min: 0, max: 65_535 }),
    proxy: behindProxy === undefined ? undefined : proxyArgument(behindProxy),
    origins: originsArgument(allowOrigin),
    tls: await tlsOf(options, out),
  }
}

/** What is counted, where the counts are served, and which requests are logged. */
export async function observedOf(options: ObservingOptions, out: ServerTerminal): Promise<Observed> {
  const { metricsListen } = options
  return {
    onRequest: requestLog(out, options),
    meter: await openMeter(),
    metricsAt: metricsListen === undefined ? undefined : hostAndPort(metricsListen, '--metrics-listen'),
  }
}

/** The certificate that an operator names, with its key; undefined where neither is named. */
export async function tlsOf(
  { tlsCert: cert, tlsKey: key }: TlsOptions,
  out: Terminal,
): Promise<TlsIdentity | undefined> {
  if (cert === undefined && key === undefined) return undefined
  if (cert !== undefined && key !== undefined)
    return TlsIdentity.open({ cert, key }, (said) => out.words(`${out.program}: ${said}`))
  throw new VouchError('USAGE', { rule: 'of --tls-cert and --tls-key one is given without the other' })
}

/** An address to listen on, as HOST:PORT; an IPv6 address in brackets or without. */
export function hostAndPort(text: string, name: string): Address {
  const [, host = '', port = ''] = /^(.+):([0-9]{1,5})$/.exec(text) ?? []
  if (host !== '' && Number(port) <= 65_535) return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
  throw new VouchError('USAGE', {
    rule: `${name} must be HOST:PORT`,
    given: shown(text),
    hint: `for example ${name} 127.0.0.1:9464`,
  })
}

/** The file of limits: where the operator says, or in the folder, where it may be left out. */
export function limitsFile(folder: string, { limits }: Pick<ListeningOptions, 'limits'>): string | undefined {
  const inFolder = join(folder, 'limits.yaml')
  return limits ?? (existsSync(inFolder) ? inFolder : undefined)
}
