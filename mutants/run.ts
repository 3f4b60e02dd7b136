import { createHash } from 'node:crypto'
import { type Check, Stillborn } from './check.js'
import type { Equivalent } from './equivalent.js'
import { applied, type Mutant, nameOf } from './mutant.js'
import { type Memory, stampOf, type Verdict } from './state.js'
import type { Tree } from './tree.js'

/** The inputs of a run. Tests give a tree in memory. */
export interface Run {
  readonly mutants: readonly Mutant[]
  readonly checksOf: (file: string) => readonly Check[]
  readonly tree: Pick<Tree, 'read' | 'write'>
  readonly memory: Memory
  readonly equivalent: readonly Equivalent[]
  /** Seconds after which the run ends. The current mutant stays unjudged; its tests end with the process. */
  readonly seconds?: number
  /** Told of each mutant as soon as it is judged. */
  readonly onVerdict?: (mutant: Mutant, verdict: Verdict, isRecalled: boolean) => void
}

export interface Judged extends Verdict {
  readonly mutant: Mutant
}

export interface Result {
  readonly judged: readonly Judged[]
  /** Number of mutants that the run had no time for. */
  readonly left: number
  /** Faults in words: survivors without an argument, and arguments without a survivor. */
  readonly faults: readonly string[]
}

export async function run({
  mutants,
  checksOf,
  tree,
  memory,
  equivalent,
  seconds,
  onVerdict,
}: Run): Promise<Result> {
  const time = deadline(seconds)
  const judged: Judged[] = []
  for (const mutant of mutants) {
    const checks = checksOf(mutant.file)
    const stamp = (outcome: Verdict['outcome'], by: string | undefined): string =>
      stampOf([tree.read(mutant.file), ...evidenceOf(checks, outcome, by).map((file) => tree.read(file))])
    const recalled = memory.recall(mutant, stamp)
    const verdict = recalled ?? (await Promise.race([time.over, judge(mutant, checks, tree)]))
    if (verdict === 'over') break
    if (recalled === undefined) memory.keep(mutant, verdict, stamp(verdict.outcome, verdict.by))
    judged.push({ mutant, ...verdict })
    onVerdict?.(mutant, verdict, recalled !== undefined)
  }
  time.stop()
  return { judged, left: mutants.length - judged.length, faults: faultsOf(judged, equivalent) }
}

/** Resolves after these seconds, or never. */
function deadline(seconds: number | undefined): {
  readonly over: Promise<'over'>
  readonly stop: () => void
} {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<'over'>((resolve) => {
    if (seconds !== undefined) timer = setTimeout(() => resolve('over'), seconds * 1000)
  })
  return { over, stop: () => clearTimeout(timer) }
}

/** The test files that a verdict rests on: those that killed the mutant, or all that a survivor passed. */
function evidenceOf(
  checks: readonly Check[],
  outcome: Verdict['outcome'],
  by: string | undefined,
): readonly string[] {
  if (outcome === 'stillborn') return []
  const killers = checks.filter(({ name }) => outcome === 'survived' || by?.startsWith(`${name}: `))
  return [...new Set(killers.flatMap(({ files }) => files))]
}

async function judge(mutant: Mutant, checks: readonly Check[], tree: Run['tree']): Promise<Verdict> {
  const start = performance.now()
  const source = tree.read(mutant.file)
  const elapsed = (): number => Math.round((performance.now() - start) / 100) / 10
  tree.write(mutant.file, applied(source, mutant.edit))
  try {
    for (const check of checks) {
      const failure = await check.firstFailure()
      if (failure !== undefined)
        return { outcome: 'killed', by: `${check.name}: ${failure}`, seconds: elapsed() }
    }
    return { outcome: 'survived', seconds: elapsed() }
  } catch (error) {
    if (error instanceof Stillborn) return { outcome: 'stillborn', seconds: elapsed() }
    throw error
  } finally {
    tree.write(mutant.file, source)
  }
}

function faultsOf(judged: readonly Judged[], equivalent: readonly Equivalent[]): readonly string[] {
  const argued = new Set(equivalent.map(nameOf))
  return judged.flatMap(({ mutant, outcome, by }) => {
    const isArgued = argued.has(nameOf(mutant))
    const place = `${mutant.file}:${mutant.line}: ${mutant.change}`
    if (outcome === 'survived' && !isArgued) return [`survived: ${place}`]
    if (outcome === 'killed' && isArgued)
      return [`argued to be equivalent, and killed: ${place}\n    by ${by}`]
    return outcome === 'stillborn' && isArgued
      ? [`argued to be equivalent, and does not compile: ${place}`]
      : []
  })
}

/** Arguments whose mutant does not exist. */
export function staleArguments(
  mutants: readonly Mutant[],
  equivalent: readonly Equivalent[],
): readonly string[] {
  const names = new Set(mutants.map(nameOf))
  return equivalent
    .filter((entry) => !names.has(nameOf(entry)))
    .map((entry) => `argued, and no mutant: ${nameOf(entry)}`)
}

/** The mutants in an order that follows from the seed alone. */
export function shuffled(mutants: readonly Mutant[], seed: string): readonly Mutant[] {
  const rank = (mutant: Mutant): string =>
    createHash('sha256')
      .update(`${seed}\n${nameOf(mutant)}`)
      .digest('hex')
  return mutants
    .map((mutant) => ({ mutant, at: rank(mutant) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ mutant }) => mutant)
}
