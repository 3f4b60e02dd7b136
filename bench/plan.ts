import { availableParallelism } from 'node:os'
import type { BenchCircuit, Engine } from './proving.js'

/** How much is measured. */
export interface Plan {
  readonly proving: readonly ProvingPlan[]
  /** How often each whole command is run. */
  readonly commands: number
}

export interface ProvingPlan {
  readonly engine: Engine
  readonly circuits: readonly BenchCircuit[]
  readonly launches: number
  /** Warm proofs in each launch. */
  readonly rounds: number
}

export type PlanName = 'full' | 'quick' | 'check'

const NATIVE: Engine = { kind: 'native', threads: availableParallelism() }
const ONE: Engine = { kind: 'wasm', threads: 1 }
const TWO: Engine = { kind: 'wasm', threads: 2 }

export const PLANS: Readonly<Record<PlanName, Plan>> = {
  full: everything({ launches: 3, native: 4, wasm: 2, commands: 11 }),
  quick: everything({ launches: 1, native: 3, wasm: 1, commands: 3 }),
  /** Only what has a budget. */
  check: {
    proving: [{ engine: NATIVE, circuits: ['respond', 'ecdsa'], launches: 1, rounds: 7 }],
    commands: 5,
  },
}

interface Amounts {
  readonly launches: number
  readonly native: number
  readonly wasm: number
  readonly commands: number
}

function everything({ launches, native, wasm, commands }: Amounts): Plan {
  return {
    proving: [
      { engine: NATIVE, circuits: ['respond', 'ecdsa'], launches, rounds: native },
      { engine: NATIVE, circuits: ['enroll'], launches, rounds: native },
      ...[ONE, TWO].flatMap((engine) => [
        { engine, circuits: ['respond'] as const, launches, rounds: wasm },
        { engine, circuits: ['enroll'] as const, launches, rounds: wasm },
      ]),
    ],
    commands,
  }
}
