import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { CircuitName } from '../src/circuits.js'
import { SAMPLES } from '../testing/samples.js'
import { type BuiltCircuit, buildCircuit } from './circuit.js'
import { compileCrate } from './compile.js'
import { ExtendedReference } from './extended-reference.js'
import { type Budget, type Output, outputOf, overBudget } from './output.js'

// `npm run circuits`: builds every circuit and writes what is committed about it. With `--check` nothing is written, and a
// difference from what is committed is an error. `-- enroll` builds one circuit only, to see its size, and writes nothing.

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const say = (line: string) => process.stderr.write(`circuits: ${line}\n`)

async function main(): Promise<number> {
  const { check, only } = parseArguments(process.argv.slice(2))
  const budgets: Readonly<Record<string, Budget>> = JSON.parse(
    await readFile(join(ROOT, 'budgets.json'), 'utf8'),
  )
  const names = (await readdir(join(ROOT, 'bin'))).sort()
  const circuits = await build(names.filter((name) => only === undefined || name === only))
  for (const { name, gates, pin } of circuits)
    say(`${name}: ${gates} gates, extent ${pin.extent}, key ${pin.vkHash}`)

  const faults = overBudget(circuits, budgets)
  if (only === undefined) {
    const output = outputOf(circuits, budgets, await versions())
    if (check) faults.push(...(await differences(output)))
    else await write(output)
  }
  for (const fault of faults) say(`error: ${fault}`)
  return faults.length === 0 ? 0 : 1
}

function parseArguments(words: readonly string[]): {
  readonly check: boolean
  readonly only: string | undefined
} {
  const [only, ...rest] = words.filter((word) => word !== '--check')
  if (rest.length > 0) throw new Error('at most one circuit can be named')
  if (only !== undefined && !Object.hasOwn(SAMPLES, only)) throw new Error(`${only} is not a circuit`)
  return { check: words.includes('--check'), only }
}

async function build(names: readonly string[]): Promise<BuiltCircuit[]> {
  const reference = await ExtendedReference.open()
  const circuits: BuiltCircuit[] = []
  for (const name of names) {
    if (!isCircuit(name)) throw new Error(`bin/${name} has no entry in testing/samples.ts`)
    say(`${name}: compile, compute its key twice, measure`)
    circuits.push(
      await buildCircuit(name, await compileCrate(join(ROOT, 'bin', name)), SAMPLES[name](), reference),
    )
  }
  return circuits
}

const isCircuit = (name: string): name is CircuitName => Object.hasOwn(SAMPLES, name)

/** The tools' versions, as this package pins them. */
async function versions(): Promise<Record<'noir' | 'barretenberg', string>> {
  const { dependencies } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  return { noir: dependencies['@noir-lang/noir_js'], barretenberg: dependencies['@aztec/bb.js'] }
}

async function differences(output: Output): Promise<string[]> {
  const faults: string[] = []
  for (const [path, content] of output) {
    const committed = await readFile(join(ROOT, path), 'utf8').catch(() => undefined)
    if (committed !== content)
      faults.push(`circuits/${path} is not what the sources give: run npm run circuits`)
  }
  const stray = (await readdir(join(ROOT, 'artifacts'))).filter((file) => !output.has(`artifacts/${file}`))
  return [...faults, ...stray.map((file) => `circuits/artifacts/${file} belongs to no circuit`)]
}

async function write(output: Output): Promise<void> {
  for (const [path, content] of output) {
    await mkdir(dirname(join(ROOT, path)), { recursive: true })
    await writeFile(join(ROOT, path), content)
    say(`wrote ${path}`)
  }
}

process.exitCode = await main()
