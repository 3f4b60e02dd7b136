import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backend, CircuitName } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONTRACTS } from '../build/forge.js'
import { type GasReport, measure } from './support/gas.js'
import { openScene, questionIn, vouch } from './support/scene.js'

/** `limits` is what the contracts may cost, `gas` what they cost today, by the rules of each fork. */
interface GasFile {
  readonly limits: GasReport
  readonly gas: Readonly<Record<'prague' | 'osaka', GasReport>>
}

/** A proof's bytes differ from run to run, and zeros among them cost less. More than that is a change to be committed. */
const PROOF_NOISE = 3000

let backend: Backend<CircuitName>
let file: GasFile

beforeAll(async () => {
  backend = openBackend({ kind: 'native' })
  file = JSON.parse(await readFile(join(CONTRACTS, 'gas.json'), 'utf8'))
})
afterAll(() => backend.destroy())

describe.each(['prague', 'osaka'] as const)('gas under %s', (hardfork) => {
  it('is within the limits, and is what gas.json says', async () => {
    const scene = await openScene(backend, hardfork)
    try {
      const gas = await measure(scene, await vouch(scene, await questionIn(scene)))
      for (const key of Object.keys(file.limits) as (keyof GasReport)[]) {
        expect(gas[key], `${key} exceeds its limit`).toBeLessThanOrEqual(file.limits[key])
        const known = file.gas[hardfork][key]
        expect(Math.abs(gas[key] - known), `${key} is ${gas[key]}, not ${known}`).toBeLessThanOrEqual(
          PROOF_NOISE,
        )
      }
    } finally {
      await scene.chain.stop()
    }
  })
})
