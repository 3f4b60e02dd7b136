import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const MAX_OUTPUT = 64 * 1024 * 1024

/**
 * The environment without what an outer `npm test` left in it: an inner npm would take the outer project for its own,
 * and Node would resolve `vouch:source`, which installed packages do not have.
 */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  const inherited =
    /^(npm_(package|lifecycle)_|npm_config_(local_prefix|global_prefix|prefix)$|INIT_CWD$|NODE_OPTIONS$|VITEST|FORCE_COLOR$)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !inherited.test(name)))
}

/** Runs a command and answers what it wrote to stdout; a failure names both streams. */
export async function run(folder: string, command: string, ...args: string[]): Promise<string> {
  const options = { cwd: folder, env: cleanEnvironment(), maxBuffer: MAX_OUTPUT }
  const { stdout } = await promisify(execFile)(command, args, options).catch((error: unknown) => {
    const { stdout: said, stderr } = error as { stdout: string; stderr: string }
    throw new Error(`${command} ${args.join(' ')} failed in ${folder}\n${said}\n${stderr}`, { cause: error })
  })
  return stdout
}
