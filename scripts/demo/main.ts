import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { clock } from '@vouch/host/node'
import { printAcceptance } from '@vouch/protocol'
import { installedCommands } from '../../fixtures/story/commands.js'
import { startMachine } from '../../fixtures/story/machines.js'
import { acceptanceOf, openRegistry, policyFileIn, type Registry } from '../../fixtures/story/registry.js'
import { chainAct } from './chain-act.js'
import { shellLines, timed, wrapped } from './lines.js'

// The whole story on one machine, offline, between separate processes: two machines with three services each, a registrar,
// Alice and Bob, and a chain. The hardware is simulated and its keys are public; the cryptography is all real.

const { values: options } = parseArgs({ options: { keep: { type: 'string' } } })
const commands = installedCommands()
const { ask, call, mustCall, stopAll } = commands
const say = (text: string): void => console.log(wrapped(text))

/** Says what is going on, and how long it took. */
async function step<T>(text: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  console.log(timed(text, performance.now() - start))
  return result
}

interface Paths {
  readonly accept: string
  readonly request: string
  readonly bundle: string
}

async function story(folder: string): Promise<void> {
  const home = ['--home', join(folder, 'alice')]
  const carols = ['--home', join(folder, 'carol')]
  const paths: Paths = {
    accept: join(folder, 'accept.json'),
    request: join(folder, 'request.json'),
    bundle: join(folder, 'bundle.json'),
  }

  say('Machines')
  const [north, south] = await step('two simulated machines start: an agent and three services each', () =>
    Promise.all([
      startMachine(commands, join(folder, 'north')),
      startMachine(commands, join(folder, 'south')),
    ]),
  )

  say('\nAdmission')
  const registry = await step('a registrar makes a registry, and serves it', () =>
    openRegistry(commands, folder),
  )
  const known = ['--registrar', registry.url, '--registry-id', registry.id, '--signer', registry.signer]
  await step('Carol has the southern machine attested and admitted', () =>
    ask('alice', ...carols, 'enroll', '--agent', south, ...known, '--name', 'south'),
  )
  await step('Alice has the northern one; she waits for the next head', () =>
    ask('alice', ...home, 'enroll', '--agent', north, ...known, '--name', 'north', '--wait'),
  )
  await step('she syncs her copy of the registry, as she does on a clock of her own', () =>
    ask('alice', ...home, 'sync'),
  )

  say('\nBob asks')
  const acceptance = acceptanceOf(registry)
  await writeFile(paths.accept, printAcceptance(acceptance))
  const bobs = ['--accept', paths.accept, '--registry', registry.url]
  await step('he makes a Request that two services and one policy will do for', () =>
    mustCall('bob', 'request', ...bobs, '--verifier', 'https://shop.example', '--out', paths.request),
  )

  say('\nAlice answers')
  say('  Carol alone is few to hide among: Alice lowers her minimum of 16 with --min-set 1')
  const asking = ['--agent', north, '--service', 'echo', '--message', 'the answer is 42', '--min-set', '1']
  const answered = await step('she asks the echo service, and proves its response from that copy', () =>
    ask(
      'alice',
      ...home,
      'prove',
      '--request',
      paths.request,
      '--verifier',
      'https://shop.example',
      '--credential',
      'north',
      ...asking,
      '--out',
      paths.bundle,
    ),
  )

  say('\nBob judges')
  const judging = [...bobs, '--request', paths.request]
  const at = clock()
  const verdict = await step('he verifies the bundle', () =>
    mustCall('bob', 'verify', paths.bundle, ...judging),
  )
  for (const line of verdict.stderr.split('\n').filter((text) => text.includes('✓'))) say(`  ${line}`)
  await step('he refuses it with one bit of the response changed', () => refuseForged(folder, paths, judging))

  const policyFile = policyFileIn(folder)
  const agents = [north, south]
  await chainAct(commands, { folder, agents, policyFile, acceptance, homes: [home, carols], step, say })

  say(`
Bob learned
  that the response is "the answer is 42"
  that a service he accepts signed it for his challenge, in hardware that his registry admitted
  a pseudonym for this one challenge: ${String(answered.nullifier).slice(0, 16)}…
Bob did not learn
  which of the machines, which of the services, the service's key or signature, the machine's report or its chip
The machines are simulated, and Bob's acceptance policy says that it lets them in: nothing genuine stands behind this.`)

  if (options.keep !== undefined) await keep(options.keep, paths, registry, at)
}

async function refuseForged(folder: string, { bundle }: Paths, judging: readonly string[]): Promise<void> {
  const honest = JSON.parse(await readFile(bundle, 'utf8')) as { readonly envelope: string }
  const forged = join(folder, 'forged.json')
  const last = Number.parseInt(honest.envelope.slice(-1), 16) ^ 1
  const envelope = `${honest.envelope.slice(0, -1)}${last.toString(16)}`
  await writeFile(forged, JSON.stringify({ ...honest, envelope }))
  const { exit } = await call('bob', 'verify', forged, ...judging)
  await rm(forged)
  if (exit !== 2) throw new Error(`a forged response ended with ${exit}`)
}

/** Leaves what Bob needs to judge again, at any later date. */
async function keep(folder: string, paths: Paths, { url, id, signer }: Registry, at: number): Promise<void> {
  const registry = join(folder, 'registry')
  await rm(join(registry, 'head.json'), { force: true }) // an earlier demo's registry was another one
  await rm(join(registry, 'leaves'), { recursive: true, force: true })
  await ask('registrar', 'sync', url, '--to', registry, '--registry', id, '--signer', signer)
  for (const [name, path] of Object.entries(paths))
    await writeFile(join(folder, `${name}.json`), await readFile(path))
  await writeFile(join(folder, 'at'), `${at}\n`)
  const [bundle, request, accept] = ['bundle', 'request', 'accept'].map((name) =>
    quoted(`${folder}/${name}.json`),
  )
  say(`\nKept in ${folder}. To judge it again, at any time:`)
  const files = [`--request ${request}`, `--accept ${accept}`, `--registry ${quoted(registry)}`, `--at ${at}`]
  console.log(shellLines(`npx --no-install bob verify ${bundle}`, files))
}

/** A path as a shell takes it for one. */
const quoted = (path: string): string =>
  /^[\w./:@+-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`

const scratch = await mkdtemp(join(tmpdir(), 'vouch-demo-'))
const began = performance.now()
async function end(): Promise<void> {
  await stopAll()
  await rm(scratch, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void end().finally(() => process.exit(1)))
}
try {
  await story(scratch)
  say(`\n${((performance.now() - began) / 1000).toFixed(1)} s in all`)
} finally {
  await end()
}
