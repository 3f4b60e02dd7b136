import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { readManifest } from '../circuits/node/index.js'
import { type Judged, judge } from './budgets.js'
import { build, measureCommands } from './commands.js'
import { buildYardstick } from './ecdsa.js'
import { measureEvidence } from './evidence.js'
import { measureInstalls } from './installs.js'
import { describeMachine, otherWork } from './machine.js'
import { PLANS, type Plan, type PlanName, type ProvingPlan } from './plan.js'
import { type Measured, measureProving, type Yardstick } from './proving.js'
import { measureRegistry } from './registry.js'
import { report } from './report.js'
import type { Results } from './results.js'
import { measureStore } from './store.js'

// `npm run bench`: what proving, verifying, a registry, judging evidence and installing cost on this machine. Tables on stdout, progress on stderr. README.md
// says how to read them.

const USAGE = 'usage: npm run bench -- [--quick | --check] [--json] [--out FILE]'
/** The share of a machine that its idle services may take. */
const QUIET = 0.05
const say = (line: string) => process.stderr.write(`bench: ${line}\n`)

async function main(): Promise<number> {
  const { plan, json, out } = parseArguments()
  const results = await measure(PLANS[plan])
  const judged = judge(results)
  const text = JSON.stringify({ ...results, budgets: judged }, null, 2)
  process.stdout.write(`${json ? text : report(results, judged)}\n`)
  if (out !== undefined) await writeFile(out, `${text}\n`)
  return plan === 'check' ? checked(judged) : 0
}

function parseArguments(): {
  readonly plan: PlanName
  readonly json: boolean
  readonly out: string | undefined
} {
  const flag = { type: 'boolean', default: false } as const
  const options = { quick: flag, check: flag, json: flag, out: { type: 'string' } } as const
  const { quick, check, json, out } = parseArgs({ options }).values
  if (quick && check) throw new TypeError('--check is short already: leave --quick out')
  return { plan: check ? 'check' : quick ? 'quick' : 'full', json, out }
}

async function measure(plan: Plan): Promise<Results> {
  const date = new Date().toISOString().slice(0, 10)
  const busyBefore = await otherWork()
  if (busyBefore > QUIET) say('other work goes on here: times will be too long; ratios are sounder')
  say('build the packages')
  await build()
  say('compile the bare ECDSA circuit, compute its key')
  const { gates: ecdsaGates, ...yardstick } = await buildYardstick()
  const proving: Measured[] = []
  for (const part of plan.proving) proving.push(...(await measurePart(part, yardstick)))
  const registry = await measureRegistry(plan.registry, say)
  const store = await measureStore(plan.store, say)
  const evidence = await measureEvidence(plan.evidence, say)
  const installs = await measureInstalls(plan.installs, say)
  say(`run whole commands ${plan.commands} times each`)
  const ofCommands = await measureCommands(plan.commands)
  const machine = describeMachine(busyBefore, await otherWork())
  const manifest = await readManifest()
  return { date, machine, manifest, ecdsaGates, proving, registry, store, evidence, installs, ...ofCommands }
}

function measurePart(part: ProvingPlan, yardstick: Yardstick): Promise<Measured[]> {
  const { engine, circuits, launches, rounds } = part
  const times = `${launches} × ${rounds + 1} proofs`
  say(`${engine.kind}, ${engine.threads} threads: ${circuits.join(' and ')}, ${times}`)
  return measureProving({ engine, circuits, rounds, yardstick }, launches)
}

/** Says what is over its limit; the exit status says whether that is an error. */
function checked(judged: readonly Judged[]): number {
  for (const { name, value, limit, unit, outcome } of judged) {
    const words = `${name}: ${value?.toFixed(2)} ${unit}, limit ${limit}`
    if (outcome === 'broken') say(`error: ${words}`)
    if (outcome === 'over') say(`note: ${words}: a shared machine may explain it, so this is no error`)
    if (outcome === 'not measured') say(`note: ${name}: this machine does not tell`)
  }
  return judged.some(({ outcome }) => outcome === 'broken') ? 1 : 0
}

try {
  process.exitCode = await main()
} catch (error) {
  const isUsage = error instanceof TypeError
  say(`error: ${isUsage ? error.message : error instanceof Error ? error.stack : error}`)
  if (isUsage) say(USAGE)
  process.exitCode = 1
}
