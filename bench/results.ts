import type { Manifest } from '../circuits/node/index.js'
import type { Command, CommandName, Size } from './commands.js'
import type { EvidenceResults } from './evidence.js'
import type { InstallResults } from './installs.js'
import type { Machine } from './machine.js'
import type { BenchCircuit, Measured, Samples } from './proving.js'
import type { RegistryResults } from './registry.js'
import type { StoreResults } from './store.js'

/** Everything that one run of the benchmark found. */
export interface Results {
  readonly date: string
  readonly machine: Machine
  readonly manifest: Manifest
  readonly ecdsaGates: number
  readonly proving: readonly Measured[]
  readonly registry: RegistryResults
  readonly store: StoreResults
  readonly evidence: EvidenceResults
  readonly commands: readonly Command[]
  readonly sizes: readonly Size[]
  readonly installs: InstallResults
}

export function median(samples: readonly number[]): number | undefined {
  const sorted = [...samples].sort((a, b) => a - b)
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]]
  return low === undefined || high === undefined ? undefined : (low + high) / 2
}

/** What the native engine took for a circuit. */
export function nativeOf({ proving }: Results, circuit: BenchCircuit): Measured | undefined {
  return proving.find((measured) => measured.engine.kind === 'native' && measured.circuit === circuit)
}

export function nativeMedian(
  results: Results,
  circuit: BenchCircuit,
  stage: keyof Samples,
): number | undefined {
  return median(nativeOf(results, circuit)?.samples[stage] ?? [])
}

export function commandMedian({ commands }: Results, name: CommandName): number | undefined {
  return median(commands.find((command) => command.name === name)?.samples ?? [])
}

/** Other work on the machine only ever adds time. */
export function leastOf({ commands }: Results, name: CommandName): number | undefined {
  const samples = commands.find((command) => command.name === name)?.samples ?? []
  return samples.length === 0 ? undefined : Math.min(...samples)
}
