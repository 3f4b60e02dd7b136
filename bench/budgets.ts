import type { ManifestEntry } from '../circuits/node/index.js'
import type { Budget } from './budget.js'
import { EVIDENCE_BUDGETS } from './evidence-budgets.js'
import { INSTALL_BUDGETS } from './install-budgets.js'
import type { BenchCircuit } from './proving.js'
import { registryBudgets } from './registry-budgets.js'
import { commandMedian, nativeMedian, nativeOf, type Results } from './results.js'
import { STORE_BUDGETS } from './store-budgets.js'

/** `over`: a noisy value over its limit, but not so far that only a change of ours explains it. */
export type Outcome = 'held' | 'over' | 'broken' | 'not measured'

export interface Judged extends Omit<Budget, 'value'> {
  readonly value: number | undefined
  readonly outcome: Outcome
}

/** How far over its limit a noisy value must be to count as broken. */
export const NOISE = 3

const MB = 1e6

const BUDGETS: readonly Budget[] = [
  // Other work on the machine only ever adds time: the least of each is what a shared machine tells best.
  {
    name: 'proving respond, in units of the bare ECDSA circuit, least by least',
    value: (results) => ratio(leastProof(results, 'respond'), leastProof(results, 'ecdsa')),
    limit: 1.2,
    unit: '×',
    kind: 'noisy',
  },
  {
    name: 'the same, beyond what noise explains',
    value: (results) => ratio(leastProof(results, 'respond'), leastProof(results, 'ecdsa')),
    limit: 1.4,
    unit: '×',
    kind: 'hard',
  },
  {
    name: 'the same, median by median',
    value: (results) =>
      ratio(nativeMedian(results, 'respond', 'prove'), nativeMedian(results, 'ecdsa', 'prove')),
    limit: 1.2,
    unit: '×',
    kind: 'noisy',
  },
  {
    name: 'peak memory of bb, proving respond',
    value: (results) => ratio(nativeOf(results, 'respond')?.nativePeak, MB),
    limit: 110,
    unit: 'MB',
    kind: 'hard',
  },
  {
    name: 'proving respond, native, warm',
    value: (results) => nativeMedian(results, 'respond', 'prove'),
    limit: 1000,
    unit: 'ms',
    kind: 'noisy',
  },
  {
    name: 'verifying respond, native, warm',
    value: (results) => nativeMedian(results, 'respond', 'verify'),
    limit: 5,
    unit: 'ms',
    kind: 'noisy',
  },
  {
    name: 'bob verify, the whole process',
    value: (results) => commandMedian(results, 'bob verify'),
    limit: 300,
    unit: 'ms',
    kind: 'noisy',
  },
]

/** Holds results against every budget: the circuits' own, as the manifest has them, those above, evidence's, the registry's, and those of installs. */
export function judge(results: Results): Judged[] {
  const { manifest, registry } = results
  const budgets = [
    ...manifest.circuits.flatMap(sizeBudgets),
    ...BUDGETS,
    ...EVIDENCE_BUDGETS,
    ...registryBudgets(registry.leaves),
    ...STORE_BUDGETS,
    ...INSTALL_BUDGETS,
  ]
  return budgets.map((budget) => {
    const value = budget.value(results)
    return { ...budget, value, outcome: outcomeOf(budget, value) }
  })
}

function sizeBudgets({ name, gates, extent, budget }: ManifestEntry): Budget[] {
  return [
    { name: `gates of ${name}`, value: () => gates, limit: budget.gates, unit: '', kind: 'hard' },
    { name: `extent of ${name}`, value: () => extent, limit: budget.extent, unit: 'points', kind: 'hard' },
  ]
}

function outcomeOf({ kind, limit }: Budget, value: number | undefined): Outcome {
  if (value === undefined) return 'not measured'
  if (value <= limit) return 'held'
  return kind === 'hard' || value > NOISE * limit ? 'broken' : 'over'
}

function leastProof(results: Results, circuit: BenchCircuit): number | undefined {
  const samples = nativeOf(results, circuit)?.samples.prove ?? []
  return samples.length === 0 ? undefined : Math.min(...samples)
}

function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a / b
}
