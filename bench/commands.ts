import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

// What people wait for: whole commands, from starting the process to its end.

const run = promisify(execFile)
const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DEMO = join(ROOT, 'scripts/demo/main.ts')
const fileOf = (command: string): string => join(ROOT, `cli/bin/${command}.js`)
const BOB = fileOf('bob')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

/** What starts, and does nothing. */
const STARTS = {
  'node alone': ['--eval', ''],
  'bob --version': [BOB, '--version'],
  'alice --version': [fileOf('alice'), '--version'],
  'registrar --version': [fileOf('registrar'), '--version'],
} as const

export interface Command {
  readonly name: CommandName
  /** Milliseconds. */
  readonly samples: readonly number[]
}

export type CommandName = keyof typeof STARTS | 'bob verify' | 'bob verify --backend wasm'

export interface Size {
  readonly name: string
  readonly bytes: number
}

/** Builds the packages, which the demo and the commands run from and which are packed: a stale build would be measured, or might not know the circuits' keys. */
export async function build(): Promise<void> {
  try {
    await run(process.execPath, [TSC, '-b'], { cwd: ROOT })
  } catch (error) {
    const words = error instanceof Error && 'stdout' in error ? String(error.stdout) : ''
    throw new Error(`the packages do not build\n${words}`, { cause: error })
  }
}

/**
 * Lets the demo make a bundle and all that it is judged by, and judges it again and again. Both run from the build, so
 * that they know the same circuits.
 */
export async function measureCommands(rounds: number): Promise<{
  readonly commands: readonly Command[]
  readonly sizes: readonly Size[]
}> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-bench-'))
  try {
    await run(process.execPath, ['--import', 'tsx', DEMO, '--keep', folder])
    return {
      commands: await timeCommands(await verifyArguments(folder), rounds),
      sizes: await sizesIn(folder),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function verifyArguments(folder: string): Promise<string[]> {
  const at = (await readFile(join(folder, 'at'), 'utf8')).trim()
  const file = (name: string) => join(folder, name)
  const given = ['--request', file('request.json'), '--accept', file('accept.json')]
  return [BOB, 'verify', file('bundle.json'), ...given, '--registry', file('registry'), '--at', at]
}

/** The commands take turns, so that whatever else the machine does, it does to all of them. */
async function timeCommands(verify: readonly string[], rounds: number): Promise<Command[]> {
  const lines: Readonly<Record<CommandName, readonly string[]>> = {
    ...STARTS,
    'bob verify': verify,
    'bob verify --backend wasm': [...verify, '--backend', 'wasm'],
  }
  const commands = Object.entries(lines).map(([name, line]) => {
    return { name: name as CommandName, line, samples: [] as number[] }
  })
  for (let round = 0; round < rounds; round++) {
    for (const { line, samples } of commands) {
      const start = performance.now()
      await run(process.execPath, line) // refuses any exit status but 0: accepted
      samples.push(performance.now() - start)
    }
  }
  return commands.map(({ name, samples }) => ({ name, samples }))
}

async function sizesIn(folder: string): Promise<Size[]> {
  const files = {
    'bundle, as JSON': join(folder, 'bundle.json'),
    'Request, as JSON': join(folder, 'request.json'),
    'artifact of respond': join(ROOT, 'circuits/artifacts/respond.json'),
    'artifact of enroll': join(ROOT, 'circuits/artifacts/enroll.json'),
    'reference string': join(ROOT, 'circuits/srs/ignition-50000.g1'),
  }
  return Promise.all(
    Object.entries(files).map(async ([name, path]) => ({ name, bytes: (await stat(path)).size })),
  )
}
