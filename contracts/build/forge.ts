import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { fileURLToPath } from 'node:url'

/** The folder that forge works in. */
export const CONTRACTS = fileURLToPath(new URL('..', import.meta.url))

const require = createRequire(import.meta.url)
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' }

/** Where npm put the binary of forge or anvil for this machine. The packages' own launchers look for one on the path, too. */
export function foundryBinary(tool: 'forge' | 'anvil'): string {
  return require.resolve(`@foundry-rs/${tool}-${platform()}-${ARCHITECTURES[arch()] ?? arch()}/bin/${tool}`)
}

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs forge in the contracts' folder, or a copy of it. With `show`, what it says is shown as it comes. */
export function forge(
  words: readonly string[],
  { profile = 'default', show = false, folder = CONTRACTS } = {},
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    // Nothing of the user's configuration, and no colours in what is parsed.
    const env = { PATH: process.env.PATH, HOME: folder, FOUNDRY_PROFILE: profile, NO_COLOR: '1' }
    const child = spawn(foundryBinary('forge'), words, {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text
        if (show) process.stderr.write(text)
      })
    }
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    child.once('error', reject)
    child.once('close', (status) => {
      process.off('exit', kill)
      resolve({ status, ...said })
    })
  })
}

/** Runs forge, and throws with all it said if it fails. */
export async function forgeOrThrow(words: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await forge(words)
  if (status !== 0) throw new Error(`forge ${words.join(' ')} ended with ${status}\n${stdout}\n${stderr}`)
  return stdout
}
