import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { printAcceptance } from '@vouch/protocol'
import {
  type Command,
  type Commands,
  commandsBy,
  installedCommands,
  installedFile,
} from '../../fixtures/story/commands.js'
import { startMachine } from '../../fixtures/story/machines.js'
import { acceptanceOf, openRegistry, type Registry } from '../../fixtures/story/registry.js'
import { between, endpointOf, homeWith, proveWords } from './live.js'
import { shop } from './proven.js'

// The game that hiding is: two holders, each with a machine of its own, do the same; the adversary (Bob, the registrar and
// a watcher of their networks) compares all that it sees, and must not be able to tell who did what.

/** What a party in the middle saw: how often it was called, and every byte of either side. */
export interface Seen {
  readonly connections: number
  readonly client: string
  readonly server: string
}

export interface Player {
  readonly name: string
  readonly home: string
  readonly agent: string
}

export interface Game {
  readonly folder: string
  readonly commands: Commands
  readonly registry: Registry
  readonly accept: string
  readonly players: readonly [Player, Player]
  close(): Promise<void>
}

/** By how much the clocks of the two guests are off, in seconds: each would name its guest. */
export const CLOCKS_OFF = [-47, 53] as const

/** A process whose clock is off. */
function shiftedCommands(seconds: number): Commands {
  const shift = `const now = Date.now; Date.now = () => now() + ${seconds} * 1000`
  return commandsBy((command: Command) => {
    const first =
      command === 'vouch-echo' ? ['--import', `data:text/javascript,${encodeURIComponent(shift)}`] : []
    return [process.execPath, ...first, installedFile(command)]
  })
}

/** Two machines whose clocks are off, a registrar, and two holders who are not admitted yet. */
export async function openGame(): Promise<Game> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-game-'))
  const commands = installedCommands()
  const guests = CLOCKS_OFF.map(shiftedCommands)
  const close = async (): Promise<void> => {
    await Promise.all([commands, ...guests].map((each) => each.stopAll()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const players = await Promise.all(
      guests.map(async (guest, i) => {
        const name = ['north', 'south'][i] ?? ''
        return {
          name,
          home: join(folder, `alice-${name}`),
          agent: await startMachine(guest, join(folder, name)),
        }
      }),
    )
    const registry = await openRegistry(commands, folder)
    const accept = join(folder, 'accept.json')
    await writeFile(accept, printAcceptance(acceptanceOf(registry)))
    return { folder, commands, registry, accept, players: players as unknown as [Player, Player], close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Has a player do something to a server through a wire that is watched. */
export async function watched(url: string, play: (url: string) => Promise<unknown>): Promise<Seen> {
  const wire = await between(url)
  try {
    await play(wire.url)
  } finally {
    await wire.close()
  }
  const text = (parts: readonly Buffer[]): string => Buffer.concat([...parts]).toString('latin1')
  const { client, server } = wire.said
  // The wire's own port is not the player's.
  const said = (parts: readonly Buffer[]): string => text(parts).replaceAll(`:${wire.port}`, ':PORT')
  return { connections: wire.accepted, client: said(client), server: said(server) }
}

/** Bob's Request, for both. */
export async function requestOf({ folder, commands, registry, accept }: Game, name: string): Promise<string> {
  const request = join(folder, `${name}-request.json`)
  const judging = ['--accept', accept, '--registry', registry.url]
  await commands.mustCall('bob', 'request', ...judging, '--verifier', shop, '--out', request)
  return request
}

/** What comes of a Request that a player answers: a bundle or none, and what the wires to the service showed. */
export interface AnswerSeen {
  readonly exit: number | null
  readonly bundle: string | undefined
  readonly service: Seen
}

/** Has a player answer a Request, with the wire to its service watched, and from a copy of its folder that is its own. */
export async function answered(
  { folder, commands }: Game,
  { name, home }: Player,
  request: string,
  options: readonly string[],
): Promise<AnswerSeen> {
  const out = join(folder, `${name}-${request.length}-${runs++}.json`)
  let exit: number | null = null
  const endpoint = await endpointOf(home, 'echo', name)
  const service = await watched(endpoint, async (url) => {
    const own = await homeWith(home, join(folder, `${name}-home-${runs++}`), 'echo', url, name)
    const words = proveWords(own, request, shop, name)
    const asking = ['--service', 'echo', '--message', 'the answer is 42', '--out', out]
    exit = (await commands.call('alice', ...words, ...asking, ...options)).exit
  })
  return { exit, bundle: await readFile(out, 'utf8').catch(() => undefined), service }
}

let runs = 0

/**
 * What is left of a text when what must differ is taken out: hexadecimal of 16 bytes and more becomes its length, which may
 * not differ. Where the two still differ, the adversary tells them apart.
 */
export function masked(text: string, more: readonly (readonly [RegExp, string])[] = []): string {
  const usual = text.replace(/[0-9a-f]{32,}/g, (digits) => `<${digits.length} digits>`)
  return more.reduce((left, [pattern, by]) => left.replace(pattern, by), usual)
}
