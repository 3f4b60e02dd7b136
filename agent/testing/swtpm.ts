import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A TPM in software, freshly made, behind a socket of its own. */
export interface SoftwareTpm {
  readonly tcti: string
  /** Runs one of tpm2-tools against it. */
  run(tool: string, ...args: readonly string[]): string
  stop(): Promise<void>
}

export async function startSoftwareTpm(): Promise<SoftwareTpm> {
  const folder = await mkdtemp(join(tmpdir(), 'vouch-swtpm-'))
  const socket = join(folder, 'tpm')
  await mkdir(join(folder, 'state'))
  const tpm: ChildProcess = spawn(
    'swtpm',
    [
      ...['socket', '--tpm2', '--tpmstate', `dir=${join(folder, 'state')}`],
      ...['--server', `type=unixio,path=${socket}`, '--ctrl', `type=unixio,path=${socket}.ctrl`],
      ...['--flags', 'not-need-init,startup-clear'],
    ],
    { stdio: 'ignore' },
  )
  while (!existsSync(socket) || !existsSync(`${socket}.ctrl`)) {
    if (tpm.exitCode !== null) throw new Error('swtpm did not start')
    await sleep(20)
  }
  const tcti = `swtpm:path=${socket}`
  return {
    tcti,
    run: (tool, ...args) =>
      execFileSync(tool, args, {
        env: { PATH: process.env.PATH, TPM2TOOLS_TCTI: tcti },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    async stop() {
      const ended = once(tpm, 'exit')
      tpm.kill()
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
