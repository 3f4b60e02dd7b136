import { mkdtemp } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { secp256k1 } from '@noble/curves/secp256k1.js'
import {
  type Answer,
  type Ask,
  concat,
  type ErrorCode,
  PROFILES,
  type PublicKey,
  printAsk,
} from '@vouch/protocol'
import { nodeArguments, Program } from '../../scripts/program.js'

/** A folder for one test file: a key may lie there only because the test says so. */
export const newFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'vouch-service-'))

export const text = (content: string): Uint8Array => new TextEncoder().encode(content)

export const askFor = (message: string | Uint8Array): Ask => ({
  version: 2,
  clientNonce: new Uint8Array(32).fill(0xc1),
  salt: new Uint8Array(32).fill(0x5a),
  message: typeof message === 'string' ? text(message) : message,
})

/** Whether an answer is signed by this key, under this profile and no other. */
export function isSignedBy(
  { envelope, signature }: Answer,
  { x, y }: PublicKey,
  profile: keyof typeof PROFILES,
): boolean {
  const point = concat(Uint8Array.of(4), x, y)
  return secp256k1.verify(signature, PROFILES[profile].digest(envelope), point, {
    prehash: false,
    lowS: true,
  })
}

/** A client on one TCP connection. */
export class LineClient {
  readonly socket: Socket
  private heard = ''
  private isOver = false

  constructor(endpoint: string) {
    const { hostname, port } = new URL(endpoint)
    this.socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    this.socket.on('data', (part: Buffer) => {
      this.heard += part.toString()
      this.socket.emit('news')
    })
    for (const end of ['end', 'error', 'close']) {
      this.socket.on(end, () => {
        this.isOver = true
        this.socket.emit('news')
      })
    }
  }

  send(bytes: string): void {
    this.socket.write(bytes)
  }

  /** The next line that comes; undefined when the connection ends first. */
  async line(): Promise<string | undefined> {
    while (!this.heard.includes('\n')) {
      if (this.isOver) return undefined
      await new Promise<void>((resolve) => this.socket.once('news', resolve))
    }
    const [line = '', ...rest] = this.heard.split('\n')
    this.heard = rest.join('\n')
    return line
  }

  async exchange(ask: Ask): Promise<string | undefined> {
    this.send(`${printAsk(ask)}\n`)
    return this.line()
  }

  /** Waits until the service ends the connection. */
  async ended(): Promise<void> {
    while ((await this.line()) !== undefined);
    this.socket.destroy()
  }
}

export const codesIn = (refusal: string | undefined): readonly ErrorCode[] =>
  (JSON.parse(refusal ?? '{"failures":[]}') as { failures: { code: ErrorCode }[] }).failures.map(
    ({ code }) => code,
  )

export interface FakeAgent {
  readonly path: string
  readonly heard: string[]
  close(): Promise<void>
}

/** An agent's side of one announcement socket, which answers each line as it is told to. */
export async function fakeAgent(path: string, answer: (line: string) => string): Promise<FakeAgent> {
  const heard: string[] = []
  const server = createServer((socket) => {
    let partial = ''
    socket.on('error', () => undefined)
    socket.on('data', (part) => {
      partial += part.toString()
      if (!partial.includes('\n')) return
      const line = partial.slice(0, partial.indexOf('\n'))
      heard.push(line)
      socket.end(answer(line))
    })
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve))
  return { path, heard, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

export const ACCEPTED = '{"version":1,"accepted":true}\n'

const MAIN = fileURLToPath(new URL('../service/main.ts', import.meta.url))

/** The service as a process: this one, unless another program is named. */
export class ServiceProcess extends Program {
  constructor(args: readonly string[], program: readonly string[] = nodeArguments(MAIN)) {
    super([...program, ...args])
  }

  /** What it says once it serves. */
  async ready(): Promise<{ endpoints: string[]; public_key: { x: string; y: string } }> {
    return JSON.parse(await this.firstLine())
  }
}
