import { createVitest } from 'vitest/node'

// Keeps Vitest warm over a copy of the tree, in a process that its parent can end when a mutant makes a test endless. The parent names
// a test file and the sources that changed; the answer names the first failure, if there is one.

export interface Order {
  readonly test: string
  /** Every source that was ever changed: what was put back is not what was compiled last, either. */
  readonly changed: readonly string[]
}

export interface Answer {
  readonly failure?: string
}

const [folder = ''] = process.argv.slice(2)
const vitest = await createVitest('test', {
  root: folder,
  project: 'units',
  watch: false,
  bail: 1,
  reporters: [{}],
  maxWorkers: 1,
})
await vitest.standalone()

process.on('message', async ({ test, changed }: Order) => {
  for (const file of changed) vitest.invalidateFile(file)
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(
    vitest.projects.map((project) => project.createSpecification(test)),
  )
  // Vitest answers with the modules of earlier runs, too: what failed then says nothing of this mutant.
  const own = testModules.filter(({ moduleId }) => moduleId === test)
  const failures = own.flatMap((module) => [
    ...[...module.children.allTests('failed')].map(({ fullName }) => fullName),
    ...module.errors().map(({ message }) => message),
    ...[...module.children.allSuites()].flatMap((suite) => suite.errors().map(({ message }) => message)),
  ])
  const broken = own.length === 0 || unhandledErrors.length > 0 ? 'an unhandled error' : undefined
  const [failure = broken] = failures
  process.send?.((failure === undefined ? {} : { failure }) satisfies Answer)
})
process.send?.({} satisfies Answer)
