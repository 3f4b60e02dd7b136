import { type ChildProcess, spawn } from 'node:child_process'
import type { Socket } from 'node:net'

interface Waiting {
  readonly resolve: (answer: Uint8Array) => void
  readonly reject: (error: Error) => void
}

const LENGTH_BYTES = 4

/**
 * Barretenberg's binary as a child that answers on stdout what it is asked on stdin, each message behind its length (32 bits,
 * least significant first). Pipes need no path that another user could take first, and end with this process. What the
 * child writes to stderr is dropped. It is given no environment but its own: no proxy, no home to keep a cache in.
 */
export class NativeProcess {
  readonly #child: ChildProcess
  readonly #waiting: Waiting[] = []
  #received: Buffer[] = []
  #receivedBytes = 0
  #ended: Error | undefined
  readonly #exited: Promise<void>

  constructor(binary: string, environment: Record<string, string>) {
    this.#child = spawn(binary, ['msgpack', 'run'], { stdio: ['pipe', 'pipe', 'ignore'], env: environment })
    this.#exited = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(this.#end(error)))
      this.#child.once('exit', (code, signal) =>
        resolve(this.#end(new Error(`the native backend ended with ${signal ?? `status ${code}`}`))),
      )
    })
    // A write to a child that has just died: its exit tells the story.
    this.#child.stdin?.on('error', () => undefined)
    this.#child.stdout?.on('data', (bytes: Buffer) => this.#receive(bytes))
    this.#hold(false)
  }

  call(question: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended)
      this.#waiting.push({ resolve, reject })
      this.#hold(true)
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt32LE(question.length)
      this.#child.stdin?.write(length)
      this.#child.stdin?.write(question)
    })
  }

  /** Ends the child at once, and resolves when it is gone. */
  async destroy(): Promise<void> {
    this.#hold(true)
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  #receive(bytes: Buffer): void {
    this.#received.push(bytes)
    this.#receivedBytes += bytes.length
    for (;;) {
      const length = this.#peekLength()
      if (length === undefined || this.#receivedBytes < LENGTH_BYTES + length) return
      const all = Buffer.concat(this.#received)
      const end = LENGTH_BYTES + length
      this.#received = [all.subarray(end)]
      this.#receivedBytes -= end
      this.#waiting.shift()?.resolve(new Uint8Array(all.subarray(LENGTH_BYTES, end)))
      if (this.#waiting.length === 0) this.#hold(false)
    }
  }

  #peekLength(): number | undefined {
    if (this.#receivedBytes < LENGTH_BYTES) return undefined
    const [first] = this.#received
    if (first === undefined || first.length < LENGTH_BYTES) this.#received = [Buffer.concat(this.#received)]
    return this.#received[0]?.readUInt32LE()
  }

  #end(error: Error): void {
    this.#ended ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended)
  }

  /** An idle child does not keep this process alive; one that owes an answer does. */
  #hold(hold: boolean): void {
    const verb = hold ? 'ref' : 'unref'
    this.#child[verb]()
    for (const pipe of [this.#child.stdin, this.#child.stdout]) (pipe as Socket | null)?.[verb]()
  }
}
