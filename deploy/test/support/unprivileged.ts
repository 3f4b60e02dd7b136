import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { untilAnswered } from './proxied.js'

const WITHOUT_RIGHTS = 65_534

/**
 * Starts a proxy that has its files in a folder, and waits until it listens. Where the tests run as root it is started as a
 * user without rights: what needs root here would need it there.
 */
export async function startWithoutRights(
  folder: string,
  [command = '', ...args]: readonly string[],
  port: number,
): Promise<() => Promise<unknown>> {
  const isRoot = process.getuid?.() === 0
  if (isRoot) execFileSync('chown', ['-R', `${WITHOUT_RIGHTS}:${WITHOUT_RIGHTS}`, folder])
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: folder },
    ...(isRoot ? { uid: WITHOUT_RIGHTS, gid: WITHOUT_RIGHTS } : {}),
  })
  const ended = once(child, 'exit')
  let said = ''
  child.stderr?.on('data', (part: Buffer) => {
    said += part.toString()
  })
  await Promise.race([
    untilAnswered(`http://127.0.0.1:${port}`),
    ended.then(([status]) => {
      throw new Error(`${command} ended with ${status}: ${said.slice(0, 2000)}`)
    }),
  ])
  return () => {
    child.kill('SIGTERM')
    return ended
  }
}
