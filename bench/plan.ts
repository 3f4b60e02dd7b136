import { availableParallelism } from 'node:os'
import type { EvidencePlan } from './evidence.js'
import type { Installable } from './installs.js'
import type { BenchCircuit, Engine } from './proving.js'
import type { RegistryPlan } from './registry.js'
import type { StorePlan } from './store.js'

/** How much is measured. */
export interface Plan {
  readonly proving: readonly ProvingPlan[]
  readonly registry: RegistryPlan
  readonly store: StorePlan
  readonly evidence: EvidencePlan
  /** How often each whole command is run. */
  readonly commands: number
  /** What is installed, each alone. */
  readonly installs: readonly Installable[]
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

/** The size that the promises are made for: it takes minutes to fill, to sync, and to prove for so many admissions. */
const WHOLE: RegistryPlan = { leaves: 2 ** 20, launches: 5, alone: 10, together: 100 }
const SMALL: RegistryPlan = { leaves: 2 ** 15, launches: 3, alone: 5, together: 16 }

const STORE: StorePlan = { members: 400, reused: 1024 }

const JUDGED: EvidencePlan = { rounds: 30, judgements: 20 }

export const PLANS: Readonly<Record<PlanName, Plan>> = {
  full: everything({ launches: 3, native: 4, wasm: 2, registry: WHOLE, commands: 11 }),
  quick: everything({ launches: 1, native: 3, wasm: 1, registry: SMALL, commands: 3 }),
  /** Only what has a budget. */
  check: {
    proving: [{ engine: NATIVE, circuits: ['respond', 'ecdsa'], launches: 1, rounds: 7 }],
    registry: SMALL,
    store: STORE,
    evidence: JUDGED,
    commands: 5,
    installs: ['verifier'],
  },
}

interface Amounts {
  readonly launches: number
  readonly native: number
  readonly wasm: number
  readonly registry: RegistryPlan
  readonly commands: number
}

function everything({ launches, native, wasm, registry, commands }: Amounts): Plan {
  return {
    proving: [
      { engine: NATIVE, circuits: ['respond', 'ecdsa'], launches, rounds: native },
      { engine: NATIVE, circuits: ['enroll'], launches, rounds: native },
      ...[ONE, TWO].flatMap((engine) => [
        { engine, circuits: ['respond'] as const, launches, rounds: wasm },
        { engine, circuits: ['enroll'] as const, launches, rounds: wasm },
      ]),
    ],
    registry,
    store: STORE,
    evidence: JUDGED,
    commands,
    installs: ['verifier', 'prover', 'agent', 'evidence', 'cli'],
  }
}
