import type { Manifest, ManifestEntry } from '../node/index.js'
import type { CircuitPin } from '../src/circuits.js'
import type { BuiltCircuit } from './circuit.js'

/** Files of this package by path, as the build makes them. */
export type Output = ReadonlyMap<string, string>

export type Budget = ManifestEntry['budget']

/** What no circuit may exceed, whatever its own budget: the embedded reference string has 50,000 points. */
export const HARD_LIMIT: Budget = { gates: 49_995, extent: 50_000 }

/** Everything that is committed about the circuits. The same circuits give the same bytes. */
export function outputOf(
  circuits: readonly BuiltCircuit[],
  budgets: Readonly<Record<string, Budget>>,
  versions: Manifest['versions'],
): Output {
  const entries = circuits.map((circuit) => entryOf(circuit, budgetOf(circuit.name, budgets)))
  const artifacts = circuits.map(
    ({ name, artifact }) => [`artifacts/${name}.json`, `${JSON.stringify(artifact)}\n`] as const,
  )
  return new Map([
    ...artifacts,
    ['manifest.json', `${JSON.stringify({ versions, circuits: entries }, null, 2)}\n`],
    ['src/pins.ts', pinsModule(circuits)],
  ])
}

/** The ways in which circuits are larger than they may be. */
export function overBudget(
  circuits: readonly BuiltCircuit[],
  budgets: Readonly<Record<string, Budget>>,
): string[] {
  return circuits.flatMap(({ name, gates, pin }) => {
    const budget = budgetOf(name, budgets)
    const rows = [
      ['gates', gates, Math.min(budget.gates, HARD_LIMIT.gates)],
      ['extent', pin.extent, Math.min(budget.extent, HARD_LIMIT.extent)],
    ] as const
    return rows.flatMap(([what, is, may]) =>
      is > may ? [`${name}: ${what} ${is}, over its budget of ${may}`] : [],
    )
  })
}

function budgetOf(name: string, budgets: Readonly<Record<string, Budget>>): Budget {
  const budget = budgets[name]
  if (budget === undefined) throw new Error(`${name} has no budget in budgets.json`)
  return budget
}

function entryOf({ name, gates, pin, barretenbergVkHash }: BuiltCircuit, budget: Budget): ManifestEntry {
  const { extent, acirHash, vkHash, publicInputs, proofBytes } = pin
  return { name, gates, extent, budget, acirHash, vkHash, barretenbergVkHash, publicInputs, proofBytes }
}

function pinsModule(circuits: readonly BuiltCircuit[]): string {
  const entries = circuits.map(({ name, pin }) => `  ${name}: {\n${members(pin)}  },\n`)
  return `// Made by \`npm run circuits\`. Not edited.\n\nexport const PINS = {\n${entries.join('')}} as const\n`
}

function members({ vkHash, acirHash, publicInputs, proofBytes, extent }: CircuitPin): string {
  const values = { vkHash: `'${vkHash}'`, acirHash: `'${acirHash}'`, publicInputs, proofBytes, extent }
  return Object.entries(values)
    .map(([name, value]) => `    ${name}: ${value},\n`)
    .join('')
}
