import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Program } from '../program.js'

// The commands that packages of this project install, as processes.

const ROOT = new URL('../../', import.meta.url)

/** Where each command comes from. */
const PACKAGES = {
  registrar: 'cli',
  'tee-agent': 'agent',
  'vouch-echo': 'agent',
  alice: 'cli',
  bob: 'cli',
} as const

export type Command = keyof typeof PACKAGES

export interface Ended {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

/** How commands are run, by whoever tells a story with them. */
export interface Commands {
  /** Starts a command that serves until it is told to end. */
  start(command: Command, ...args: readonly string[]): Program
  /** Runs a command to its end, whatever that is. */
  call(command: Command, ...args: readonly string[]): Promise<Ended>
  /** Runs a command that must succeed. */
  mustCall(command: Command, ...args: readonly string[]): Promise<Ended>
  /** Runs a command that must succeed, and reads its JSON. */
  ask(command: Command, ...args: readonly string[]): Promise<Record<string, unknown>>
  /** Ends all that was started and still runs. */
  stopAll(): Promise<void>
}

/** Commands, each behind what runs it. */
export function commandsBy(runnerOf: (command: Command) => readonly string[]): Commands {
  const running = new Set<Program>()
  const start: Commands['start'] = (command, ...args) => {
    const program = new Program([...runnerOf(command), ...args])
    running.add(program)
    return program
  }
  const call: Commands['call'] = async (command, ...args) => {
    const program = start(command, ...args)
    const exit = await program.ended()
    running.delete(program)
    return { exit, stdout: program.stdout, stderr: program.stderr }
  }
  const mustCall: Commands['mustCall'] = async (command, ...args) => {
    const ended = await call(command, ...args)
    if (ended.exit === 0) return ended
    throw new Error(`${command} ${args.join(' ')} ended with ${ended.exit}:\n${ended.stdout}${ended.stderr}`)
  }
  return {
    start,
    call,
    mustCall,
    ask: async (command, ...args) => JSON.parse((await mustCall(command, ...args, '--json')).stdout),
    stopAll: async () => {
      await Promise.all([...running].map((program) => program.stop()))
      running.clear()
    },
  }
}

/** The commands as `npm ci` installs them: built. */
export const installedCommands = (): Commands =>
  commandsBy((command) => [process.execPath, builtFile(command)])

/** The URL that a server says it serves at. */
export async function urlOf(program: Program): Promise<string> {
  const { url } = JSON.parse(await program.firstLine()) as { readonly url: string }
  return url
}

function builtFile(command: Command): string {
  const folder = new URL(`${PACKAGES[command]}/`, ROOT)
  const { bin } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>
  }
  return fileURLToPath(new URL(bin[command] ?? '', folder))
}
