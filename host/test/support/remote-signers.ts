import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Starts a program that makes a socket, and waits until it is there. */
export async function startAt(
  socket: string,
  command: string,
  args: readonly string[],
): Promise<() => Promise<unknown>> {
  const child = spawn(command, args, { stdio: 'ignore' })
  const ended = once(child, 'exit')
  for (let left = 200; (await stat(socket).catch(() => undefined)) === undefined; left--) {
    if (left === 0 || child.exitCode !== null) throw new Error(`${command} made no socket`)
    await wait(50)
  }
  return () => {
    child.kill()
    return ended
  }
}

/** A new key on secp256k1 in PEM, and its public key in hexadecimal. */
export async function makePemKey(
  folder: string,
): Promise<{ readonly file: string; readonly publicKey: string }> {
  const file = join(folder, 'key.pem')
  await run('openssl', ['ecparam', '-name', 'secp256k1', '-genkey', '-noout', '-out', file])
  const args = ['ec', '-in', file, '-pubout', '-conv_form', 'compressed', '-outform', 'DER']
  const { stdout } = await run('openssl', args, { encoding: 'buffer' })
  return { file, publicKey: stdout.subarray(-33).toString('hex') }
}
