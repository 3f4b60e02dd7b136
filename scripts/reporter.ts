import type { Reporter, SerializedError, TestCase, TestModule } from 'vitest/node'

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

/**
 * Ends a run with the reasons of skipped tests and, alone on the last line, `N passed, N failed, N skipped`.
 * With VOUCH_NO_SKIP=1 a skipped test fails the run: where everything is installed, a skip hides a broken set-up.
 */
export default class LastLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')])
    for (const test of skipped)
      console.log(`skipped: ${test.module.relativeModuleId} > ${test.fullName}: ${reason(test)}`)
    if (skipped.length > 0 && process.env['VOUCH_NO_SKIP'] === '1') {
      console.log('VOUCH_NO_SKIP=1: the skipped tests above fail this run')
      process.exitCode = 1
    }
    console.log(lastLine(count(modules, unhandled.length)))
  }
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

function reason(test: TestCase): string {
  const result = test.result()
  return (result.state === 'skipped' ? result.note : undefined) ?? 'no reason given'
}

function lastLine({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}
