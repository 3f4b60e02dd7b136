import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openBackend } from '@vouch/circuits/node'
import {
  admissionNonce,
  askHash,
  auxOf,
  buildServiceTree,
  credential,
  gpuDigest,
  printAcceptance,
  printBundle,
  printHead,
  printRequest,
  reportData,
  toHex,
  verifierIdOf,
} from '@vouch/protocol'
import { clearAwayWhenInterrupted, clock } from '@vouch/protocol/node'
import { proveEnrollment, proveResponse } from '@vouch/prover'
import { makeRequest, verify } from '@vouch/verifier'
import { answer, makeStory } from './story.js'

// The story of docs/protocol.md on one machine, offline. The hardware is simulated and its keys are public; the
// cryptography is all real.

const { values: options } = parseArgs({ options: { keep: { type: 'string' } } })
const say = (text: string): void => console.log(text)
const random = (size: number): Uint8Array => new Uint8Array(randomBytes(size))

/** Says what is going on, and how long it took. */
async function step<T>(text: string, work: () => T | Promise<T>): Promise<T> {
  const start = performance.now()
  const result = await work()
  say(
    `  ${text.padEnd(68, ' ')} ${Math.round(performance.now() - start)
      .toString()
      .padStart(6)} ms`,
  )
  return result
}

const now = clock()
clearAwayWhenInterrupted()
const backend = openBackend({ kind: 'auto' })

say('Admission')
const story = await step('two simulated machines, three services each; a registry of 32', () =>
  makeStory(now),
)
const [north] = story.machines
await step(`${north.name} proves that its evidence binds its hidden services`, async () => {
  const { osImageHash, holding } = north
  const smtRoot = buildServiceTree(holding.services).root
  const C = credential(smtRoot, holding.holderSecret)
  const nonce = admissionNonce(story.head.registryId, random(32), C)
  const noGpu = gpuDigest([])
  const evidence = {
    reportData: reportData(osImageHash, smtRoot, auxOf(noGpu, nonce)),
    osImageHash,
    gpuDigest: noGpu,
    nonce,
  }
  return proveEnrollment({ ...evidence, smtRoot, holderSecret: holding.holderSecret, backend })
})

say('\nBob asks')
const request = makeRequest({
  acceptance: story.acceptance,
  head: story.head,
  now,
  verifierId: verifierIdOf('shop.example'),
  challenge: random(32),
  profile: 'sha256',
  freshness: { kind: 'challenge' },
})
say(`  challenge ${toHex(request.challenge)}`)
say(
  `  ${request.services.length} services and ${request.policies.length} policy will do, and any of the 32 in the registry`,
)

say('\nAlice answers')
const ask = new TextEncoder().encode('what is the answer?')
const response = answer(north, 'echo', request.profile, {
  clientNonce: request.challenge,
  time: now,
  askHash: askHash(random(32), ask),
  payload: new TextEncoder().encode('the answer is 42'),
})
const bundle = await step('she proves the response', () =>
  proveResponse({ request, response, holding: north.holding, leaves: story.leaves, backend }),
)

say('\nBob judges')
const given = { request, acceptance: story.acceptance, head: story.head, now, backend }
const verdict = await step('he verifies the bundle', () => verify(bundle, given))
if (!verdict.accepted)
  throw new Error(`the demo's own bundle was refused: ${verdict.failures.map(({ code }) => code)}`)
for (const { rule } of verdict.checks) say(`    ✓ ${rule}`)
const forged = {
  ...bundle,
  envelope: Uint8Array.from(bundle.envelope, (byte, i) =>
    i === bundle.envelope.length - 1 ? byte ^ 1 : byte,
  ),
}
const refusal = await step('he refuses it with one bit of the response changed', () => verify(forged, given))
if (refusal.accepted || refusal.exit !== 2) throw new Error('a forged response was not found false')

say(`
Bob learned
  that the response is "${new TextDecoder().decode(verdict.proven.payload)}"
  that a service he accepts signed it for his challenge, in hardware that his registry admitted
  a pseudonym for this one challenge: ${verdict.proven.nullifier.toString(16).slice(0, 16)}…
Bob did not learn
  which of the 32, which of the ${request.services.length} services, the service's key or signature, the machine, its report or its chip
The fixture machines are simulated, and the acceptance policy says that it lets them in: nothing genuine stands behind this.`)

if (options.keep !== undefined) {
  const folder = options.keep
  await mkdir(join(folder, 'registry'), { recursive: true })
  const files = {
    'bundle.json': printBundle(bundle),
    'request.json': printRequest(request),
    'accept.json': printAcceptance(story.acceptance),
    'registry/head.json': printHead(story.head),
    at: `${now}`,
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), `${text}\n`)
  say(`
Kept in ${folder}. To judge it again, at any time:
  npx --no-install bob verify ${folder}/bundle.json --request ${folder}/request.json --accept ${folder}/accept.json --registry ${folder}/registry --at ${now}`)
}
await backend.destroy()
