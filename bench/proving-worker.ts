import { readArtifact, readReference } from '../circuits/node/index.js'
import { startNative } from '../circuits/node/native.js'
import {
  type Backend,
  CIRCUITS,
  createBackend,
  type Inputs,
  type Proof,
  startWasm,
} from '../circuits/src/index.js'
import { SAMPLES } from '../circuits/testing/samples.js'
import { nativePeak, nodePeak } from './memory.js'
import type { BenchCircuit, Engine, Job, Measured, Samples, Yardstick } from './proving.js'

// One launch of a job.

/** A verification is a hundred times shorter than a proof: one alone would be mostly noise. */
const VERIFICATIONS_PER_PROOF = 5

type Growing = { -readonly [Name in keyof Samples]: number[] }

process.once('message', async (message) => {
  process.send?.(await run(message as Job))
})

// The answer has arrived, or whoever waited for it is gone.
process.once('disconnect', () => process.exit())

async function run({ engine, circuits, rounds, yardstick }: Job): Promise<Measured[]> {
  const measured: (Measured & { readonly samples: Growing })[] = []
  for (const circuit of circuits) measured.push(await runCold(engine, circuit, yardstick))
  const backend = open(engine, yardstick)
  // The first round warms up: the engine starts in it.
  for (let round = 0; round <= rounds; round++) {
    for (const { circuit, samples } of measured) {
      const inputs = inputsOf(circuit, yardstick)
      await proveAndVerify(backend, circuit, inputs, round === 0 ? nothing() : samples)
    }
  }
  await backend.destroy()
  return measured
}

async function runCold(
  engine: Engine,
  circuit: BenchCircuit,
  yardstick: Yardstick,
): Promise<Measured & { readonly samples: Growing }> {
  const inputs = inputsOf(circuit, yardstick)
  const prover = open(engine, yardstick)
  const [proof, coldProve] = await timed(() => prover.prove(circuit, inputs))
  const peaks = {
    nodePeak: nodePeak(),
    nativePeak: engine.kind === 'native' ? nativePeak() : undefined,
  }
  await prover.destroy()
  const verifier = open(engine, yardstick)
  const [, coldVerify] = await timed(() => verify(verifier, circuit, proof))
  await verifier.destroy()
  return {
    engine,
    circuit,
    samples: { ...nothing(), coldProve: [coldProve], coldVerify: [coldVerify] },
    ...peaks,
  }
}

async function proveAndVerify(
  backend: Backend<BenchCircuit>,
  circuit: BenchCircuit,
  inputs: Inputs,
  samples: Growing,
): Promise<void> {
  const stage = { witness: 0, proof: 0 }
  const proof = await backend.prove(circuit, inputs, {
    onProgress: (name) => {
      stage[name] = performance.now()
    },
  })
  samples.prove.push(performance.now() - stage.proof)
  samples.witness.push(stage.proof - stage.witness)
  for (let i = 0; i < VERIFICATIONS_PER_PROOF; i++) {
    const [, took] = await timed(() => verify(backend, circuit, proof))
    samples.verify.push(took)
  }
}

function inputsOf(circuit: BenchCircuit, { inputs }: Yardstick): Inputs {
  return circuit === 'ecdsa' ? inputs : SAMPLES[circuit]()
}

function open({ kind, threads }: Engine, { artifact, pin }: Yardstick): Backend<BenchCircuit> {
  const start = { native: startNative, wasm: startWasm }[kind]
  return createBackend<BenchCircuit>({
    circuits: { ...CIRCUITS, ecdsa: pin },
    artifacts: async (name) => (name === 'ecdsa' ? artifact : readArtifact(name)),
    start: (reference) => start(reference, threads),
    reference: readReference,
  })
}

async function verify(
  backend: Backend<BenchCircuit>,
  circuit: BenchCircuit,
  { publicInputs, proof }: Proof,
): Promise<void> {
  if (!(await backend.verify(circuit, publicInputs, proof)))
    throw new Error(`${circuit}: its own proof does not verify, so nothing was measured`)
}

async function timed<Result>(work: () => Promise<Result>): Promise<[Result, number]> {
  const start = performance.now()
  const result = await work()
  return [result, performance.now() - start]
}

function nothing(): Growing {
  return { coldProve: [], coldVerify: [], witness: [], prove: [], verify: [] }
}
