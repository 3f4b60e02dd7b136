import { assertWanted, cancelled, shown, VouchError } from '@vouch/protocol'
import type { BarretenbergApi, Engine, StartEngine } from './engine.js'
import type { ReferenceString } from './srs/reference.js'

/** What one use of the engine needs. */
export interface EngineUse<Result> {
  /** Fewest points of the reference string that will do. */
  readonly points: number
  /** Brings them, if the running engine has fewer. */
  readonly reference: () => Promise<ReferenceString>
  readonly call: (api: BarretenbergApi) => Promise<Result>
  readonly signal?: AbortSignal | undefined
}

/**
 * Holds at most one engine: started when first needed, replaced when a larger reference string is needed, and dropped after
 * a call that failed, since Barretenberg cannot be relied on after an error. Uses run one after another.
 */
export class EngineSlot {
  readonly #start: StartEngine
  #running: { readonly engine: Engine; readonly points: number } | undefined
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(start: StartEngine) {
    this.#start = start
  }

  run<Result>(use: EngineUse<Result>): Promise<Result> {
    const result = this.#last.then(() => this.#runNow(use))
    this.#last = result.catch(() => undefined)
    return result
  }

  /** Drops the engine, now or after the call that occupies it. Later uses are refused. */
  async close(): Promise<void> {
    this.#closed = true
    await this.#last
    await this.#drop()
  }

  async #runNow<Result>({ points, reference, call, signal }: EngineUse<Result>): Promise<Result> {
    if (this.#closed)
      throw new VouchError('BACKEND_UNAVAILABLE', { rule: 'a destroyed backend is not used again' })
    assertWanted(signal)
    const { api } = await this.#engineWith(points, reference)
    assertWanted(signal)
    try {
      return await orCancelled(call(api), signal)
    } catch (error) {
      await this.#drop()
      throw error
    }
  }

  async #engineWith(points: number, reference: () => Promise<ReferenceString>): Promise<Engine> {
    if (this.#running !== undefined && this.#running.points >= points) return this.#running.engine
    const loaded = await reference()
    await this.#drop()
    const engine = await this.#start(loaded)
    this.#running = { engine, points: loaded.count }
    return engine
  }

  async #drop(): Promise<void> {
    const running = this.#running
    this.#running = undefined
    await running?.engine.destroy()
  }
}

/** Wraps what Barretenberg itself says: it never sees more than it may say. */
export function backendFailed(error: unknown): VouchError {
  if (error instanceof VouchError) return error
  const given = shown(error instanceof Error ? error.message : error)
  return new VouchError(
    'BACKEND_FAILED',
    { rule: 'the proving backend must answer', given },
    { cause: error },
  )
}

async function orCancelled<Result>(call: Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
  if (signal === undefined) return call
  const { promise, reject } = deferred()
  const onAbort = () => reject(cancelled())
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([call, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
    call.catch(() => undefined)
  }
}

function deferred(): { readonly promise: Promise<never>; readonly reject: (reason: VouchError) => void } {
  let reject: (reason: VouchError) => void = () => undefined
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse
  })
  return { promise, reject }
}
