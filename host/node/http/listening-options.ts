import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { numberArgument } from '../terminal/arguments.js'
import { proxyArgument } from './client-address.js'
import { originsArgument } from './origins.js'
import type { ListeningPlace } from './server.js'

/** Where to listen, and to whom: what all commands that serve share. */
export interface ListeningOptions {
  readonly host: string
  readonly port: string
  /** true: the proxy is on this machine. */
  readonly behindProxy?: string | true
  readonly limits?: string
  readonly allowOrigin?: readonly string[]
}

/** The same, as commands show it. */
export const LISTENING_OPTIONS = [
  ['--limits <file>', 'what clients may take, in YAML (default: limits.yaml in the folder, if it is there)'],
  ['--allow-origin <origins...>', 'web pages that may ask: *, none, or origins (default: *)'],
] as const

export function placeOf({ host, port, behindProxy, allowOrigin }: ListeningOptions): ListeningPlace {
  return {
    host,
    port: numberArgument(port, '--port', { min: 0, max: 65_535 }),
    proxy: behindProxy === undefined ? undefined : proxyArgument(behindProxy),
    origins: originsArgument(allowOrigin),
  }
}

/** The file of limits: where the operator says, or in the folder, where it may be left out. */
export function limitsFile(folder: string, { limits }: Pick<ListeningOptions, 'limits'>): string | undefined {
  const inFolder = join(folder, 'limits.yaml')
  return limits ?? (existsSync(inFolder) ? inFolder : undefined)
}
