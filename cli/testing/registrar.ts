import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { nodeArguments, Program } from '../../scripts/program.js'

// `registrar` as a process, with what is loaded before it.

export const COMMAND = nodeArguments(
  fileURLToPath(new URL('../node/registrar/registrar.ts', import.meta.url)),
)

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  /** A module beside this one that is loaded first. */
  readonly preload?: string
}

export function start(words: readonly string[], { env = {}, preload }: Surroundings = {}): Program {
  const [node = '', ...args] = COMMAND
  const first = preload === undefined ? [] : ['--import', new URL(preload, import.meta.url).href]
  return new Program([node, ...first, ...args, ...words], { env })
}

/** Runs a command to its end. */
export async function registrar(words: readonly string[], around?: Surroundings) {
  const program = start(words, around)
  const exit = await program.ended()
  const { stdout, stderr } = program
  return { exit, stdout, stderr }
}

/** Starts a server, and waits until it answers. It ends with the test at the latest. */
export async function served(words: readonly string[], around?: Surroundings) {
  const program = start(words, around)
  onTestFinished(async () => void (await program.stop()))
  const line = await program.firstLine()
  return {
    program,
    url: line.startsWith('{') ? (JSON.parse(line) as { url: string }).url : line.replace('serving ', ''),
  }
}

export type Served = Awaited<ReturnType<typeof served>>
