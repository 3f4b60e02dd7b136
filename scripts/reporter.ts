import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/** How many of the slowest files are named. */
const SLOWEST = 10

/**
 * Ends a run with its slowest files, what it left out, the reasons of skipped tests and, alone on the last line,
 * `N passed, N failed, N skipped`.
 * With VOUCH_NO_SKIP=1 a skipped test fails the run: where everything is installed, a skip hides a broken set-up.
 */
export default class LastLineReporter implements Reporter {
  private projects: readonly string[] = []

  onInit({ projects }: Vitest): void {
    this.projects = projects.map(({ name }) => name)
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    for (const line of slowest(modules)) console.log(line)
    if (this.projects.includes('units') && !this.projects.includes('long')) {
      console.log(
        'left out: what takes minutes by its nature (fuzzing, faults, kills, installs, Chromium): npm run test:long',
      )
    }
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')])
    for (const [line, times] of tally(skipped.map(explain))) console.log(`skipped: ${line} (${times})`)
    if (skipped.length > 0 && process.env.VOUCH_NO_SKIP === '1') {
      console.log('VOUCH_NO_SKIP=1: the skipped tests above fail this run')
      process.exitCode = 1
    }
    console.log(lastLine(count(modules, unhandled.length)))
  }
}

function slowest(modules: readonly TestModule[]): readonly string[] {
  const timed = modules.map((module) => ({ name: module.relativeModuleId, ms: module.diagnostic().duration }))
  const most = timed.sort((a, b) => b.ms - a.ms).slice(0, SLOWEST)
  return most.map(({ name, ms }) => `${(ms / 1000).toFixed(1).padStart(7)} s  ${name}`)
}

/** A file that does not load, a hook that throws and a stray rejection each count as one failure: none may hide. */
function count(modules: readonly TestModule[], unhandled: number): Counts {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const inState = (state: string) => tests.filter((test) => test.result().state === state).length
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()])
  const broken = suites.filter((suite) => suite.errors().length > 0).length
  return {
    passed: inState('passed'),
    failed: inState('failed') + broken + unhandled,
    skipped: inState('skipped'),
  }
}

function explain(test: TestCase): string {
  return `${test.module.relativeModuleId}: ${reason(test)}`
}

function reason(test: TestCase): string {
  for (let at: TestCase['parent'] = test.parent; ; at = at.parent) {
    if (at.errors().length > 0) return 'what they build on failed'
    if (at.type === 'module') break
  }
  const result = test.result()
  return (result.state === 'skipped' ? result.note : undefined) ?? 'no reason given'
}

function tally(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1)
  return counts
}

function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}
