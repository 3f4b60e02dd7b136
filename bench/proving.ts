import type { CircuitName, CircuitPin, EngineKind, Inputs } from '../circuits/src/index.js'
import { runWorker } from './worker.js'

// What proving and verifying take, per engine. Every launch is a process of its own: the first call in it is cold.

export type BenchCircuit = CircuitName | 'ecdsa'

/** The bare ECDSA circuit, built for this run. */
export interface Yardstick {
  readonly artifact: string
  readonly pin: CircuitPin
  readonly inputs: Inputs
}

export interface Engine {
  readonly kind: EngineKind
  readonly threads: number
}

/** One launch. The circuits take turns, so that whatever else the machine does, it does to all of them. */
export interface Job {
  readonly engine: Engine
  readonly circuits: readonly BenchCircuit[]
  /** How often each circuit is proved warm. */
  readonly rounds: number
  readonly yardstick: Yardstick
}

/** Milliseconds. */
export interface Samples {
  /** On a fresh backend: start the engine, read and check the artifact and the reference string, then do the work. */
  readonly coldProve: readonly number[]
  readonly coldVerify: readonly number[]
  readonly witness: readonly number[]
  readonly prove: readonly number[]
  readonly verify: readonly number[]
}

export interface Measured {
  readonly engine: Engine
  readonly circuit: BenchCircuit
  readonly samples: Samples
  /** Bytes, after one cold proof: of this circuit alone where it is the first of its job. */
  readonly nodePeak: number
  readonly nativePeak: number | undefined
}

/** Runs a job as often as that, and puts the samples together. */
export async function measureProving(job: Job, launches: number): Promise<Measured[]> {
  const runs: Measured[][] = []
  for (let launch = 0; launch < launches; launch++) {
    const { answer } = await runWorker<Measured[]>('proving-worker.ts', job)
    runs.push(answer)
  }
  return job.circuits.map((circuit) => merged(runs.flat().filter((run) => run.circuit === circuit)))
}

function merged(runs: readonly Measured[]): Measured {
  const [first] = runs
  if (first === undefined) throw new Error('at least one launch is needed')
  const all = (name: keyof Samples) => runs.flatMap(({ samples }) => samples[name])
  const samples = {
    coldProve: all('coldProve'),
    coldVerify: all('coldVerify'),
    witness: all('witness'),
    prove: all('prove'),
    verify: all('verify'),
  }
  return { ...first, samples }
}
