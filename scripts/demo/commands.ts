import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Program } from '../program.js'

// The commands that packages of this project install, as a user would run them.

const ROOT = new URL('../../', import.meta.url)

/** Where each command comes from. */
const PACKAGES = {
  registrar: 'registry',
  'tee-agent': 'agent',
  'vouch-echo': 'agent',
  alice: 'prover',
  bob: 'verifier',
} as const

export type Command = keyof typeof PACKAGES

export interface Ended {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

const running = new Set<Program>()

/** Starts a command that serves until it is told to end. */
export function start(command: Command, ...args: readonly string[]): Program {
  const program = new Program([process.execPath, fileOf(command), ...args])
  running.add(program)
  return program
}

/** Runs a command to its end, whatever that is. */
export async function call(command: Command, ...args: readonly string[]): Promise<Ended> {
  const program = start(command, ...args)
  const exit = await program.ended()
  running.delete(program)
  return { exit, stdout: program.stdout, stderr: program.stderr }
}

/** Runs a command that must succeed. */
export async function mustCall(...args: Parameters<typeof call>): Promise<Ended> {
  const ended = await call(...args)
  if (ended.exit === 0) return ended
  throw new Error(`${args.join(' ')} ended with ${ended.exit}:\n${ended.stderr}`)
}

/** Runs a command that must succeed, and reads its JSON. */
export async function ask(command: Command, ...args: readonly string[]): Promise<Record<string, unknown>> {
  return JSON.parse((await mustCall(command, ...args, '--json')).stdout)
}

/** The URL that a server says it serves at. */
export async function urlOf(program: Program): Promise<string> {
  const { url } = JSON.parse(await program.firstLine()) as { readonly url: string }
  return url
}

/** Ends all that was started and still runs. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((program) => program.stop()))
  running.clear()
}

function fileOf(command: Command): string {
  const folder = new URL(`${PACKAGES[command]}/`, ROOT)
  const { bin } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
    readonly bin: Readonly<Record<string, string>>
  }
  return fileURLToPath(new URL(bin[command] ?? '', folder))
}
