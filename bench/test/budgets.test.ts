import { describe, expect, test } from 'vitest'
import { readManifest } from '../../circuits/node/index.js'
import { judge, type Outcome } from '../budgets.js'
import type { BenchCircuit, Measured } from '../proving.js'
import type { Results } from '../results.js'

const RATIO = 'proving respond, in units of the bare ECDSA circuit, least by least'
const BEYOND_NOISE = 'the same, beyond what noise explains'
const MEMORY = 'peak memory of bb, proving respond'
const VERIFY = 'verifying respond, native, warm'

interface Times {
  readonly prove?: readonly number[]
  readonly verify?: readonly number[]
  readonly bytes?: number | undefined
}

function measured(circuit: BenchCircuit, { prove = [700], verify = [4], bytes = 1e6 }: Times): Measured {
  const samples = { coldProve: [], coldVerify: [], witness: [], prove, verify }
  return { engine: { kind: 'native', threads: 2 }, circuit, samples, nodePeak: 0, nativePeak: bytes }
}

async function outcomes(respond: Times, gates = 0): Promise<Record<string, Outcome>> {
  const manifest = await readManifest()
  const circuits = manifest.circuits.map((entry) => ({ ...entry, gates: entry.gates + gates }))
  const machine = { processor: '', cores: 2, platform: '', node: '', busyBefore: 0, busyAfter: 0 }
  const proving = [measured('respond', respond), measured('ecdsa', {})]
  const found = { date: '', machine, ecdsaGates: 0, proving, commands: [], sizes: [] }
  const results: Results = { ...found, manifest: { ...manifest, circuits } }
  return Object.fromEntries(judge(results).map(({ name, outcome }) => [name, outcome]))
}

describe('a budget', () => {
  test('of gates holds for the circuits as they are, and breaks for larger ones', async () => {
    expect(await outcomes({})).toMatchObject({ 'gates of respond': 'held', 'gates of enroll': 'held' })
    expect(await outcomes({}, 1000)).toMatchObject({
      'gates of respond': 'broken',
      'gates of enroll': 'broken',
    })
  })

  test.each<readonly [string, Times, Outcome]>([
    [RATIO, { prove: [840, 5000, 5000] }, 'held'],
    [RATIO, { prove: [841] }, 'over'],
    [BEYOND_NOISE, { prove: [980] }, 'held'],
    [BEYOND_NOISE, { prove: [981] }, 'broken'],
    [MEMORY, { bytes: 110e6 }, 'held'],
    [MEMORY, { bytes: 110e6 + 1 }, 'broken'],
    [VERIFY, { verify: [1, 5, 99] }, 'held'],
    [VERIFY, { verify: [5.1] }, 'over'],
    [VERIFY, { verify: [15] }, 'over'],
    [VERIFY, { verify: [15.1] }, 'broken'],
    ['bob verify, the whole process', {}, 'not measured'],
  ])('%s: %j is %s', async (name, times, outcome) => {
    expect(await outcomes(times)).toMatchObject({ [name]: outcome })
  })
})
