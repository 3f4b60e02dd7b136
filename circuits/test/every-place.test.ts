import { beforeAll, expect, test } from 'vitest'
import { readArtifact } from '../node/index.js'
import type { CircuitName } from '../src/circuits.js'
import { solveWitness } from '../src/witness.js'
import { failureOf } from '../testing/runner.js'
import { trials } from '../testing/trials/index.js'

// The committed programs against inputs that are false in one place: both sides of every level of every tree, both limbs of every
// value of two, every bound at its border. `npm run mutants` runs the same trials against programs with a constraint missing.

type Artifact = Parameters<typeof solveWitness>[0]

const programs = new Map<CircuitName, Artifact>()

beforeAll(async () => {
  for (const name of ['respond', 'enroll'] as const) programs.set(name, JSON.parse(await readArtifact(name)))
})

const all = trials().map((trial) => [`${trial.circuit}: ${trial.name}`, trial] as const)

test.each(all)('%s', async (_, { circuit, inputs, rule }) => {
  const program = programs.get(circuit)
  if (program === undefined) throw new Error(`no program ${circuit}`)
  expect(await failureOf(solveWitness(program, inputs))).toBe(rule)
})

test('every side of every level of every tree has its trials', () => {
  const names = new Set(all.map(([name]) => name))
  const levels = { registry: 20, policies: 4, services: 8, 'service tree': 28 }
  for (const [tree, depth] of Object.entries(levels)) {
    for (let level = 0; level < depth; level++) {
      for (const side of ['left', 'right']) {
        const ofPlace = [...names].filter((name) =>
          name.startsWith(`respond: ${tree} ${level}: the ${side} child`),
        )
        expect(ofPlace, `${tree} ${level} ${side}`).toHaveLength(1)
      }
    }
  }
  expect(names.size).toBe(all.length)
})
