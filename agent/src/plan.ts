import { type Json, type ProfileName, type PublicKey, shown, VouchError } from '@vouch/protocol'
import {
  type ClosureFile,
  type Configuration,
  configurationCodec,
  type ServiceFile,
  type User,
} from './configuration.js'
import { assertPoint } from './points.js'
import { isSimulatedProvider, type ProviderSettings } from './providers/settings.js'

/** What an agent is to do: a configuration that was found sound, with nothing left open. */
export interface AgentPlan {
  readonly provider: ProviderSettings
  /** Whether the evidence is worth nothing, and the configuration may state what is otherwise measured. */
  readonly simulated: boolean
  readonly state: string | undefined
  readonly closure: ClosurePlan | undefined
  /** Stated in place of measured, under a simulated provider alone. */
  readonly statedImage: Uint8Array | undefined
  readonly services: readonly ServicePlan[]
}

export interface ClosurePlan {
  readonly store: string
  readonly paths: { readonly listed: readonly string[] } | { readonly file: string }
  readonly mentions: readonly string[]
}

export interface ServicePlan {
  readonly name: string
  readonly instance: number
  readonly profile: ProfileName
  readonly endpoint: string
  readonly code: { readonly program: string } | { readonly drv: Uint8Array }
  readonly key: { readonly socket: string; readonly user: User } | { readonly publicKey: PublicKey }
}

function unsound(rule: string, hint?: string): VouchError {
  return new VouchError('CONFIGURATION_UNSOUND', { rule, ...(hint === undefined ? {} : { hint }) })
}

/** What an agent is to do, by its configuration as JSON or YAML gave it. */
export function planFrom(json: Json): AgentPlan {
  return planOf(configurationCodec.fromJson(json, 'configuration'))
}

/** Refuses what would hold nothing off: one line of YAML must not put a key, or a hash, in place of what really runs. */
function planOf(file: Configuration): AgentPlan {
  const simulated = isSimulatedProvider(file.provider)
  if (!simulated) assertMeasured(file)
  const { closure, osImageHash } = file
  either('configuration', { closure, os_image_hash: osImageHash }, closure, osImageHash)
  const services = file.services.map((service) => servicePlan(service))
  assertApart(services)
  const isMeasured = services.some(({ code }) => 'program' in code)
  if (isMeasured && closure === undefined) {
    throw unsound(
      'a service with a program must be in a closure',
      'give the closure, or state drv under simulated',
    )
  }
  return {
    provider: file.provider,
    simulated,
    state: file.state,
    closure: closure && closurePlan(closure),
    statedImage: osImageHash,
    services,
  }
}

/** What the configuration of a machine that counts must leave to measurement, and what it must have. */
function assertMeasured({ osImageHash, services, state }: Configuration): void {
  const stated = [
    ...(osImageHash === undefined ? [] : ['os_image_hash']),
    ...services.flatMap(({ name, drv, publicKey }) => [
      ...(drv === undefined ? [] : [`drv of ${name}`]),
      ...(publicKey === undefined ? [] : [`public_key of ${name}`]),
    ]),
  ]
  if (stated.length > 0) {
    throw unsound(
      `only a simulated provider may be told what is otherwise measured or announced; told: ${stated.join(', ')}`,
    )
  }
  if (state === undefined) {
    throw unsound(
      'state must name a folder in memory, where announced keys outlive the agent until the next boot',
      'for example /run/tee-agent, mode 0700',
    )
  }
}

function servicePlan(file: ServiceFile): ServicePlan {
  const { name, instance, profile, endpoint, program, drv, socket, user, publicKey } = file
  if ((socket === undefined) !== (user === undefined)) {
    throw unsound(`${name}: socket and user must come together: whose folder the socket lies in`)
  }
  if (publicKey !== undefined) assertPoint(publicKey)
  assertEndpoint(name, endpoint)
  const announced = socket === undefined || user === undefined ? undefined : { socket, user }
  return {
    name,
    instance,
    profile,
    endpoint,
    code: either(name, { program, drv }, program && { program }, drv && { drv }),
    key: either(name, { socket, public_key: publicKey }, announced, publicKey && { publicKey }),
  }
}

function closurePlan({ store, paths, list, mentions = [] }: ClosureFile): ClosurePlan {
  if (!/^\/[\x21-\x7e]*[^/]$/.test(store)) throw unsound('store must be the absolute path of a folder')
  const listed = either('closure', { paths, list }, paths && { listed: paths }, list && { file: list })
  return { store, paths: listed, mentions }
}

/** Of two forms of one thing, the one that is there. */
function either<A, B>(
  what: string,
  members: Readonly<Record<string, unknown>>,
  one: A | undefined | '',
  other: B | undefined | '',
): A | B {
  if (one && !other) return one
  if (other && !one) return other
  throw unsound(`${what} must have exactly one of ${Object.keys(members).join(' and ')}`)
}

/** Where two services share a name or a socket, one can speak for the other. */
function assertApart(services: readonly ServicePlan[]): void {
  const sockets = services.flatMap(({ key }) => ('socket' in key ? [key] : []))
  assertDistinct(
    services.map(({ name }) => name),
    'name',
  )
  assertDistinct(
    sockets.map(({ socket }) => socket),
    'socket',
  )
}

function assertDistinct(values: readonly string[], what: string): void {
  const twice = values.find((value, i) => values.indexOf(value) !== i)
  if (twice !== undefined)
    throw unsound(`each service must have a ${what} of its own; twice: ${shown(twice)}`)
}

function assertEndpoint(name: string, endpoint: string): void {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  const isPlain = url !== undefined && url.username === '' && url.password === '' && url.hash === ''
  const isTcp = /^tcp:\/\/[^/?#]+:[0-9]{1,5}$/.test(endpoint)
  if (isPlain && (isTcp || /^https?:$/.test(url.protocol))) return
  throw unsound(`${name}: endpoint must be http://…, https://… or tcp://HOST:PORT; given: ${shown(endpoint)}`)
}
