import { execFile } from 'node:child_process'
import { nodeArguments } from '../../scripts/program.js'
import { pathInRepository } from '../../test/support/repository.js'

// `bob` as a process.

export interface Run {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
}

/** The program and its first arguments. */
export const BOB: readonly string[] = nodeArguments(pathInRepository('cli/node/bob/bob.ts'))

export const bob = (...args: readonly string[]): Promise<Run> => run([...BOB, ...args])

/** The same with the network cut. */
export const bobOffline = (...args: readonly string[]): Promise<Run> =>
  run(['unshare', '--map-root-user', '--net', ...BOB, ...args])

/** Runs a command to its end. */
export function run([command = '', ...args]: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(command, args, { maxBuffer: 16_777_216 }, (error, stdout, stderr) => {
      resolve({
        exit: typeof error?.code === 'number' ? error.code : error === null ? 0 : 255,
        stdout,
        stderr,
      })
    })
  })
}
