import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Credential,
  type ErrorCode,
  parseCredential,
  printAcceptance,
  printCredential,
} from '@vouch/protocol'
import { type Commands, type Ended, installedCommands } from '../../fixtures/story/commands.js'
import { startMachine } from '../../fixtures/story/machines.js'
import { acceptanceOf, openRegistry, type Registry } from '../../fixtures/story/registry.js'
import type { ServiceName } from '../../fixtures/story/story.js'
import { type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.js'

// The demo's parties, each a process of its own, with proxies between them that do harm.

/** Two machines and a registrar that run, and whom Bob believes. */
export interface Live {
  readonly folder: string
  readonly commands: Commands
  readonly north: string
  readonly south: string
  readonly registry: Registry
  /** Bob's acceptance policy, as a file. */
  readonly accept: string
  close(): Promise<void>
}

export async function startLive(): Promise<Live> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-live-'))
  const commands = installedCommands()
  const close = async (): Promise<void> => {
    await commands.stopAll()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const north = await startMachine(commands, join(folder, 'north'))
    const south = await startMachine(commands, join(folder, 'south'))
    const registry = await openRegistry(commands, folder)
    const accept = join(folder, 'accept.json')
    await writeFile(accept, printAcceptance(acceptanceOf(registry)))
    return { folder, commands, north, south, registry, accept, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** A proxy before whatever serves at a URL, and the URL that leads through it. */
export async function between(url: string, fault?: Fault): Promise<FaultProxy & { readonly url: string }> {
  const { hostname, port, pathname, protocol } = new URL(url)
  const proxy = await startFaultProxy({ host: hostname, port: Number(port) }, fault)
  const path = protocol === 'tcp:' ? '' : pathname.replace(/\/$/, '')
  return Object.assign(proxy, { url: `${protocol}//127.0.0.1:${proxy.port}${path}` })
}

/** The code of a command that ended with `--json`; undefined when it did what it was asked to. */
export function codeOf({ stdout }: Ended): ErrorCode | undefined {
  const told = JSON.parse(stdout || '{}') as { readonly error?: { readonly code: ErrorCode } }
  return told.error?.code
}

/** The same of a command that says it in words. */
export const codeSaid = ({ stderr }: Ended): ErrorCode | undefined =>
  /: error: .*\[([A-Z_]+)\]$/m.exec(stderr)?.[1] as ErrorCode | undefined

/** Every file below a folder, whatever its name. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** What is being written, or was left half written, hides behind a dot. */
export async function halfWritten(folder: string): Promise<readonly string[]> {
  return (await filesBelow(folder)).filter((path) => path.slice(folder.length).includes('/.'))
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Alice's command that answers a Request of a verifier with one credential, up to the options of the case. */
export const proveWords = (
  home: string,
  request: string,
  verifier: string,
  credential = 'north',
): readonly string[] => [
  ...['--home', home, 'prove', '--request', request],
  ...['--verifier', verifier, '--credential', credential],
]

export const credentialIn = async (home: string, name: string): Promise<Credential> =>
  parseCredential(await readFile(join(home, 'credentials', `${name}.json`)))

/** Where a service answers, by a credential of Alice's. */
export async function endpointOf(home: string, service: ServiceName, name = 'north'): Promise<string> {
  const { guest } = await credentialIn(home, name)
  return guest.services.find((one) => one.name === service)?.endpoint ?? ''
}

/** A copy of Alice's folder in which one service answers elsewhere. */
export async function homeWith(
  home: string,
  copy: string,
  service: ServiceName,
  endpoint: string,
  name = 'north',
): Promise<string> {
  await cp(home, copy, { recursive: true })
  const credential = await credentialIn(home, name)
  const services = credential.guest.services.map((one) => (one.name === service ? { ...one, endpoint } : one))
  const moved = printCredential({ ...credential, guest: { ...credential.guest, services } })
  await writeFile(join(copy, 'credentials', `${name}.json`), moved, { mode: 0o600 })
  return copy
}

/** Enrolls Alice at the northern machine, and somebody else at the southern one, whom she hides behind; waits until she is published. */
export async function enrollBoth(
  { commands, folder, registry, south, north }: Live,
  home: string,
): Promise<void> {
  const enroll = (whose: string) => ['alice', '--home', whose, 'enroll', '--registrar', registry.url] as const
  await commands.ask(...enroll(join(folder, 'another')), '--agent', south, '--name', 'south')
  await commands.ask(...enroll(home), '--agent', north, '--name', 'north', '--wait')
}
