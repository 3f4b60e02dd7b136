import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { AREAS, mutantsIn } from './areas.js'
import type { Check } from './check.js'
import { EQUIVALENT } from './equivalent.js'
import { nameOf } from './mutant.js'
import { summary } from './report.js'
import { run, shuffled, staleArguments } from './run.js'
import { openMemory } from './state.js'
import { copyTree, ROOT } from './tree.js'

// `npm run mutants`: removes or weakens one constraint or condition after another, in a copy of the tree, and runs the tests that may
// notice. Ends with 1 when a mutant survives that mutants/equivalent.ts has no argument for, or when an argument there holds no more.
//
//   --sample          a part of all, in an order that the seed decides
//   --seconds N       ends after N seconds (150 with --sample)
//   --seed TEXT       such as the commit's hash
//   --only TEXT       files or areas whose name contains TEXT
//   --fresh           forgets the verdicts of earlier runs
//   --list            prints the mutants, and judges none

const STATE = join(ROOT, 'node_modules/.cache/vouch-mutants/state.json')

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      sample: { type: 'boolean', default: false },
      seconds: { type: 'string' },
      seed: { type: 'string', default: '' },
      only: { type: 'string', default: '' },
      fresh: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
    },
  })
  const tree = copyTree()
  process.once('exit', () => tree.remove())
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

  const areas = AREAS.map((area) => ({ ...area, all: mutantsIn(area, tree) }))
  const all = areas.flatMap((area) => area.all)
  const wanted = areas.flatMap((area) =>
    area.all.filter(({ file }) => area.name.includes(values.only) || file.includes(values.only)),
  )
  const mutants = values.sample ? shuffled(wanted, values.seed) : wanted
  if (values.list) {
    for (const { file, line, change } of mutants) process.stdout.write(`${file}:${line}: ${change}\n`)
    return 0
  }

  const checks = new Map<string, readonly Check[]>()
  const checksOf = (file: string): readonly Check[] => {
    const known = checks.get(file) ?? areas.find(({ holds }) => holds(file))?.checks(tree.folder, file) ?? []
    checks.set(file, known)
    return known
  }
  const seconds = values.seconds ?? (values.sample ? '150' : undefined)
  let count = 0
  const result = await run({
    mutants,
    checksOf,
    tree,
    memory: openMemory(STATE, values),
    equivalent: EQUIVALENT,
    ...(seconds === undefined ? {} : { seconds: Number(seconds) }),
    onVerdict: (mutant, verdict, isRecalled) => {
      count++
      const told = isRecalled ? 'as before' : `${verdict.seconds} s`
      process.stderr.write(
        `${count}/${mutants.length} ${verdict.outcome} (${told}) ${mutant.line} ${nameOf(mutant)}\n`,
      )
      if (verdict.by !== undefined && !isRecalled) process.stderr.write(`    by ${verdict.by}\n`)
    },
  })
  const faults = [...staleArguments(all, EQUIVALENT), ...result.faults]
  for (const fault of faults) process.stdout.write(`${fault}\n`)
  for (const line of summary(areas, result)) process.stdout.write(`${line}\n`)
  return faults.length === 0 ? 0 : 1
}

process.exit(await main())
