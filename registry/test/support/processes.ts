import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { onTestFinished } from 'vitest'

let count = 0
const SOURCE = fileURLToPath(new URL('writer.ts', import.meta.url))

/** Builds the writer into one file, so that hundreds of its processes start quickly. It lies where it finds what it does not hold. */
export async function buildWriter(): Promise<string> {
  const outfile = join(dirname(SOURCE), `.writer-${process.pid}-${count++}.mjs`)
  onTestFinished(() => rmSync(outfile, { force: true }))
  await build({
    entryPoints: [SOURCE],
    bundle: true,
    outfile,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    conditions: ['vouch:source'],
    external: ['@aztec/bb.js', '@noir-lang/*', '@photostructure/sqlite', 'pg'],
    logLevel: 'error',
  })
  return outfile
}

/** A running writer: what it has said so far, line by line. */
export class Writer {
  readonly lines: string[] = []
  readonly process: ChildProcess
  private readonly ended: Promise<unknown>

  constructor(program: string, args: readonly string[], prefix: readonly string[] = []) {
    const [command = '', ...rest] = [...prefix, process.execPath, program, ...args]
    this.process = spawn(command, rest, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.ended = once(this.process, 'close')
    let partial = ''
    this.process.stdout?.on('data', (data: Buffer) => {
      const lines = (partial + data.toString()).split('\n')
      partial = lines.pop() ?? ''
      this.lines.push(...lines)
      this.process.emit('said')
    })
    this.process.stderr?.on('data', (data: Buffer) => this.errors.push(data.toString()))
  }

  readonly errors: string[] = []

  /** Waits until it has said a line that starts so, or ended. */
  async until(start: string): Promise<void> {
    const isSaid = (): boolean => this.lines.some((line) => line.startsWith(start))
    while (!isSaid() && this.process.exitCode === null && this.process.signalCode === null)
      await Promise.race([once(this.process, 'said'), this.ended])
  }

  async end(): Promise<void> {
    await this.ended
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }
}
