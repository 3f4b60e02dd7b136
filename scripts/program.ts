import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'

/** A process that serves: what it has said so far, and its end. */
export class Program {
  stdout = ''
  stderr = ''
  private readonly process: ChildProcess

  constructor(
    [command = '', ...args]: readonly string[],
    { folder, env }: { readonly folder?: string; readonly env?: Readonly<Record<string, string>> } = {},
  ) {
    this.process = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(folder === undefined ? {} : { cwd: folder }),
    })
    this.process.stdout?.on('data', (part: Buffer) => {
      this.stdout += part.toString()
      this.process.emit('said')
    })
    this.process.stderr?.on('data', (part: Buffer) => {
      this.stderr += part.toString()
    })
    this.process.on('close', () => this.process.emit('said'))
  }

  /** Its id, as the kernel knows it. */
  get pid(): number {
    return this.process.pid ?? 0
  }

  /** Its first line, once that is there. */
  async firstLine(): Promise<string> {
    while (!this.stdout.includes('\n')) {
      if (this.hasEnded) throw new Error(`it ended: ${this.stderr}`)
      await once(this.process, 'said')
    }
    return this.stdout.slice(0, this.stdout.indexOf('\n'))
  }

  /** Its exit status, once it has ended; null when a signal ended it. */
  async ended(): Promise<number | null> {
    if (!this.hasEnded) await once(this.process, 'close')
    return this.process.exitCode
  }

  /** Tells it to end. */
  async stop(): Promise<number | null> {
    this.process.kill('SIGTERM')
    return this.ended()
  }

  private get hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null
  }
}

/**
 * What runs a TypeScript file of this project, or one that imports its packages. A program of a package runs as it was
 * built, which starts three times as fast: `npm test` builds first, and so does every run of vitest. Anything else runs
 * from the sources.
 */
export function nodeArguments(file: string): readonly string[] {
  const built = file.replace(/^(.*)\/(node|service)\/(.*)\.ts$/, '$1/dist/$2/$3.js')
  return built !== file && existsSync(built)
    ? [process.execPath, built]
    : [process.execPath, '--conditions=vouch:source', '--import', 'tsx', file]
}

/** A port on loopback that was free just now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
