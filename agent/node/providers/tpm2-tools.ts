import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shown, VouchError } from '@vouch/protocol'

/** Making an RSA key takes some TPMs the better part of a minute. */
const TIMEOUT_MS = 120_000

/** tpm2-tools at one TPM, in a folder of files that is gone afterwards. */
export class Tpm2Tools {
  private readonly folder: string
  private readonly tcti: string

  private constructor(folder: string, tcti: string) {
    this.folder = folder
    this.tcti = tcti
  }

  static async use<T>(tcti: string, work: (tools: Tpm2Tools) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(tmpdir(), 'vouch-tpm-'))
    try {
      return await work(new Tpm2Tools(folder, tcti))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  /** Runs one of the tools, and answers with what it printed. */
  run(tool: string, ...args: readonly string[]): Promise<string> {
    // The library under the tools logs whatever goes wrong on its way: what the tool itself says last is what counts.
    const env = { PATH: process.env.PATH, TPM2TOOLS_TCTI: this.tcti, TSS2_LOG: 'all+NONE' }
    return new Promise((resolve, reject) => {
      execFile(tool, args, { cwd: this.folder, env, timeout: TIMEOUT_MS }, (error, stdout, stderr) => {
        if (error === null) resolve(stdout)
        else reject(failureOf(tool, error, stderr))
      })
    })
  }

  /** Objects that a command loaded stay in a TPM that has no resource manager before it, and there is room for three. */
  async flush(): Promise<void> {
    await this.run('tpm2_flushcontext', '--transient-object')
  }

  async read(file: string): Promise<Uint8Array> {
    return new Uint8Array(await readFile(join(this.folder, file)))
  }
}

function failureOf(tool: string, error: Error, stderr: string): VouchError {
  if ('code' in error && error.code === 'ENOENT')
    return new VouchError('PROVIDER_UNAVAILABLE', {
      rule: `${tool} must be installed`,
      hint: 'it comes with tpm2-tools',
    })
  const said = stderr.trimEnd().split('\n').at(-1) ?? ''
  return new VouchError(
    'PROVIDER_FAILED',
    { rule: `the TPM must do as ${tool} asks`, given: shown(said) },
    { cause: error },
  )
}
