import { describe, expect, test } from 'vitest'
import { readManifest } from '../../circuits/node/index.js'
import { judge, type Outcome } from '../budgets.js'
import type { Command } from '../commands.js'
import type { EvidenceResults, EvidenceSamples } from '../evidence.js'
import type { InstallResults } from '../installs.js'
import type { BenchCircuit, Measured } from '../proving.js'
import type { RegistryResults } from '../registry.js'
import type { Results } from '../results.js'
import type { StoreResults } from '../store.js'

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

/** Everything at its limit. */
const REGISTRY: RegistryResults = {
  leaves: 2 ** 20,
  open: [1000],
  openPeak: 300e6,
  servePeak: 0,
  sync: { time: 153_600, fetched: 1024, buckets: 1024 },
  syncAgain: { time: 3000, fetched: 1, buckets: 1025 },
  admissions: { alone: [40], together: { size: 100, time: 1000 } },
}

const STORE: StoreResults = {
  rows: [
    { engine: 'SQLite', processes: 1, atOnce: 1, rate: 125 },
    { engine: 'SQLite', processes: 1, atOnce: 100, rate: 500 },
    { engine: 'PostgreSQL', processes: 1, atOnce: 1, rate: 1 },
  ],
  reused: { places: 1000, emptying: 9000, refilling: 2000 },
}

const EVIDENCE: EvidenceSamples = { tdx: [3, 9], 'tdx by dcap-qvl': [20, 9], snp: [2], nitro: [5] }

async function outcomes(
  respond: Times,
  gates = 0,
  registry: Partial<RegistryResults> = {},
  evidence: EvidenceResults = EVIDENCE,
  { installs = 'not measured', commands = [] }: Partial<Pick<Results, 'installs' | 'commands'>> = {},
): Promise<Record<string, Outcome>> {
  const manifest = await readManifest()
  const circuits = manifest.circuits.map((entry) => ({ ...entry, gates: entry.gates + gates }))
  const machine = { processor: '', cores: 2, platform: '', node: '', busyBefore: 0, busyAfter: 0 }
  const proving = [measured('respond', respond), measured('ecdsa', {})]
  const found = { date: '', machine, ecdsaGates: 0, proving, commands, sizes: [], installs }
  const results: Results = {
    ...found,
    registry: { ...REGISTRY, ...registry },
    store: STORE,
    evidence,
    manifest: { ...manifest, circuits },
  }
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

  const OPENING = 'opening a registry of 1,048,576 leaves'
  const OPENING_MEMORY = 'peak memory, opening a registry of 1,048,576 leaves'
  const ADMISSION = 'one admission: evidence, proof, durable insertion'
  const RATE = 'one of many admissions at once: 100 a second'
  const BUCKET = 'a bucket of 1,024 leaves, fetched and verified'
  const { sync, syncAgain, admissions } = REGISTRY
  test.each<readonly [string, Partial<RegistryResults>, Outcome]>([
    [OPENING, {}, 'held'],
    [OPENING, { open: [1, 1001, 5000] }, 'over'],
    [OPENING, { open: [3001] }, 'broken'],
    [OPENING_MEMORY, {}, 'held'],
    [OPENING_MEMORY, { openPeak: 300e6 + 1 }, 'broken'],
    [OPENING_MEMORY, { openPeak: undefined }, 'not measured'],
    ['opening a registry of 524,288 leaves', { leaves: 2 ** 19, open: [550] }, 'held'],
    ['opening a registry of 524,288 leaves', { leaves: 2 ** 19, open: [551] }, 'over'],
    ['peak memory, opening a registry of 524,288 leaves', { leaves: 2 ** 19, openPeak: 210e6 }, 'held'],
    ['peak memory, opening a registry of 524,288 leaves', { leaves: 2 ** 19, openPeak: 211e6 }, 'broken'],
    [ADMISSION, {}, 'held'],
    [ADMISSION, { admissions: { ...admissions, alone: [1, 41, 99] } }, 'over'],
    [ADMISSION, { admissions: { ...admissions, alone: [121] } }, 'broken'],
    [RATE, {}, 'held'],
    [RATE, { admissions: { ...admissions, together: { size: 50, time: 501 } } }, 'over'],
    [BUCKET, {}, 'held'],
    [BUCKET, { sync: { ...sync, time: 153_700 } }, 'over'],
    ['syncing a registry of 1,048,576 leaves when a bucket changed', {}, 'held'],
    [
      'syncing a registry of 1,048,576 leaves when a bucket changed',
      { syncAgain: { ...syncAgain, time: 3001 } },
      'over',
    ],
  ])('%s: %j is %s', async (name, registry, outcome) => {
    expect(await outcomes({}, 0, registry)).toMatchObject({ [name]: outcome })
  })

  const TDX = 'judging a TDX quote with its collateral, in units of dcap-qvl: a third'
  const HALF = 'the same, beyond what noise explains: a half'
  const SNP = 'judging a report of SEV-SNP: 500 a second'
  const NITRO = 'judging a document of Nitro: 200 a second'
  test.each<readonly [string, Partial<EvidenceSamples>, Outcome]>([
    [TDX, {}, 'held'],
    [TDX, { tdx: [3.1] }, 'over'],
    [HALF, { tdx: [4.5] }, 'held'],
    [HALF, { tdx: [4.6] }, 'broken'],
    [TDX, { tdx: [9, 3] }, 'held'],
    [SNP, {}, 'held'],
    [SNP, { snp: [2.1, 9] }, 'over'],
    [SNP, { snp: [6.1] }, 'broken'],
    [NITRO, { nitro: [5.1] }, 'over'],
    [NITRO, { nitro: [15.1] }, 'broken'],
  ])('%s: %j is %s', async (name, evidence, outcome) => {
    expect(await outcomes({}, 0, {}, { ...EVIDENCE, ...evidence })).toMatchObject({ [name]: outcome })
  })

  test('of evidence is not measured where there is no evidence', async () => {
    const without = await outcomes({}, 0, {}, 'not measured: VOUCH_SAMPLES names no folder of evidence')
    expect([TDX, SNP, NITRO].map((name) => without[name])).toEqual(new Array(3).fill('not measured'))
  })

  const INSTALL = 'an install of @vouch/verifier'
  const PACKAGES = 'an install of @vouch/verifier, counted'
  const verifier = { name: 'verifier', packages: 25, bytes: 200e6 } as const
  test.each<readonly [string, InstallResults, Outcome]>([
    [INSTALL, [verifier], 'held'],
    [INSTALL, [{ ...verifier, bytes: 200e6 + 1 }], 'broken'],
    [PACKAGES, [verifier], 'held'],
    [PACKAGES, [{ ...verifier, packages: 26 }], 'broken'],
    [INSTALL, [{ ...verifier, name: 'cli' }], 'not measured'],
    [PACKAGES, 'not measured: no npm registry answers', 'not measured'],
  ])('%s: %j is %s', async (name, installs, outcome) => {
    expect(await outcomes({}, 0, {}, EVIDENCE, { installs })).toMatchObject({ [name]: outcome })
  })

  const START = 'bob --version, in units of Node alone'
  const starts = (bob: readonly number[]): readonly Command[] => [
    { name: 'node alone', samples: [90, 60] },
    { name: 'bob --version', samples: bob },
  ]
  test.each<readonly [string, readonly Command[], Outcome]>([
    [START, starts([900, 180]), 'held'],
    [START, starts([181]), 'over'],
    [START, starts([541]), 'broken'],
    [START, starts([]), 'not measured'],
    ['alice --version, in units of Node alone', starts([1]), 'not measured'],
  ])('%s: %j is %s', async (name, commands, outcome) => {
    expect(await outcomes({}, 0, {}, EVIDENCE, { commands })).toMatchObject({ [name]: outcome })
  })
})
