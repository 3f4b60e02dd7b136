import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { configfsTsm, guestView, type Provider, Roll } from '@vouch/agent'
import { AGENT_LIMITS } from '@vouch/agent/node'
import { FakeTsm } from '@vouch/agent/testing/fake-tsm'
import { type AdmissionPolicy, admissionPolicyId } from '@vouch/evidence'
import { type RunningServer, startServer } from '@vouch/host/http'
import { clock } from '@vouch/host/node'
import { type Alice, openAlice } from '@vouch/prover/node'
import { openRegistrar, type Registrar, siteOf } from '@vouch/registry/node'
import { newChip, newRegistry, osImageHash } from '@vouch/registry/testing/enrolling'
import {
  type Attest,
  askGpu,
  newAzure,
  newAzureTdx,
  newEnclave,
  newPpid,
  newSnp,
  newTpm,
  POLICIES,
  quoting,
} from '@vouch/registry/testing/hardware'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AGENT_ROUTES } from '../../agent/node/http/routes.js'
import { withCollateral } from '../../agent/node/providers/with-collateral.js'
import { makeStory } from '../../fixtures/story/story.js'

// Live enrollment on hardware of every kind: an agent, Alice and a registrar over HTTP. Where hardware is not to be had, its place
// is taken, behind the agent's provider, by what signs as it does under a simulated root.

const [north] = makeStory(clock()).machines
let folder: string
let registry: string
let registrar: Registrar
let server: RunningServer
let alice: Alice
const agents: RunningServer[] = []
const urlOf = ({ address }: RunningServer): string => `http://127.0.0.1:${address.port}`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'vouch-kinds-'))
  registry = await newRegistry(...Object.values(POLICIES))
  registrar = await openRegistrar(registry, { key: join(registry, 'signer.key') })
  server = await startServer(siteOf(registrar), { host: '127.0.0.1', port: 0 }, AGENT_LIMITS)
  alice = await openAlice({ home: join(folder, 'alice'), syncEvery: false })
})
afterEach(() => Promise.all(agents.splice(0).map((agent) => agent.close())))
afterAll(async () => {
  await alice.close()
  await server.close()
  await registrar.close()
  await rm(dirname(registry), { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
})

/** An agent on a machine: the story's services, whose keys are there, on whatever hardware. */
async function agentOn(provider: Provider): Promise<string> {
  const keys = Object.entries(north.services).map(([name, { publicKey }]) => ({ name, publicKey }))
  const guest = guestView({
    providerName: 'simulated',
    provider,
    osImageHash,
    services: Object.entries(north.services).map(([name, { drv, instance }]) => {
      return { name, drv, instance, profile: 'sha256', endpoint: 'tcp://127.0.0.1:9' } as const
    }),
    roll: new Roll(
      keys.map(({ name }) => name),
      keys,
    ),
  })
  const site = { routes: AGENT_ROUTES, service: guest, noteRefusal: () => undefined }
  const agent = await startServer(site, { host: '127.0.0.1', port: 0 }, AGENT_LIMITS)
  agents.push(agent)
  return urlOf(agent)
}

let enrolled = 0

/** Enrolls on a machine, and says under which policy the registry holds the credential. */
async function enrollOn(provider: Provider, policy: AdmissionPolicy): Promise<bigint | undefined> {
  const agent = await agentOn(provider)
  const name = `machine-${enrolled++}`
  const credential = await alice.enroll({ agent, registrar: urlOf(server), policies: [policy], name })
  return credential.policyId
}

const files = (attest: Attest): Provider => ({
  attest: async (reportData) => (await attest(reportData)).map(({ bytes }) => bytes),
})

const MACHINES: readonly [string, AdmissionPolicy, () => Promise<Provider>][] = [
  ['SEV-SNP', POLICIES.snp, async () => files(newSnp())],
  ['TDX', POLICIES.tdx, async () => files(quoting('tdx', clock()))],
  ['SGX', POLICIES.sgx, async () => files(quoting('sgx', clock()))],
  ['Nitro', POLICIES.nitro, async () => files(newEnclave())],
  ['TPM', POLICIES.tpm, async () => files((await newTpm()).honest)],
  ['Azure on SEV-SNP', POLICIES.azure, async () => files((await newAzure()).honest)],
  ['Azure on TDX', POLICIES.azureTdx, async () => files((await newAzureTdx(clock())).honest)],
  ['SEV-SNP with a GPU', POLICIES.gpu, async () => ({ ...files(newSnp()), gpus: gpu })],
]

async function gpu(nonce: Uint8Array) {
  const answers = (await askGpu(nonce)).map(({ bytes }) => bytes)
  return { canonical: answers.slice(0, 1), files: answers }
}

describe.each(MACHINES)('a machine of %s', (_, policy, machine) => {
  test('is enrolled live', { timeout: 120_000 }, async () => {
    const provider = await machine()
    expect(await enrollOn(provider, policy)).toBe(admissionPolicyId(policy))
  })

  test('whose agent attests something else is refused by Alice, who tells nobody', async () => {
    const honest = await machine()
    const lying: Provider = { ...honest, attest: () => honest.attest(new Uint8Array(64).fill(9)) }
    const before = await registrar.registry.counts()
    await expect(enrollOn(lying, policy)).rejects.toMatchObject({ code: 'REPORT_DATA_MISMATCH' })
    expect(await registrar.registry.counts()).toEqual(before)
  })
})

describe('a machine with a GPU', () => {
  const plain = (): Provider => files(newSnp())

  test('that hides what the GPU answered is refused', async () => {
    const hiding = { ...plain(), gpus: async (nonce: Uint8Array) => ({ ...(await gpu(nonce)), files: [] }) }
    await expect(enrollOn(hiding, POLICIES.gpu)).rejects.toMatchObject({ code: 'GPU_MISMATCH' })
  })

  test('whose GPU answered somebody else, earlier, is refused', async () => {
    const stale = { ...plain(), gpus: () => gpu(new Uint8Array(32)) }
    await expect(enrollOn(stale, POLICIES.gpu)).rejects.toMatchObject({ code: 'GPU_MISMATCH' })
  })

  test('is refused where the policy says nothing of GPUs', async () => {
    await expect(enrollOn({ ...plain(), gpus: gpu }, POLICIES.snp)).rejects.toMatchObject({
      code: 'GPU_NOT_ACCEPTED',
    })
  })
})

describe('a TDX guest behind configfs-tsm', () => {
  /** The guest's kernel, which hands out the quote alone; and a folder with all else that Intel publishes of the platform. */
  async function tdxGuest() {
    const quote = quoting('tdx', clock(), newPpid())
    const collateral = join(folder, `collateral-${newChip()[0]}-${enrolled}`)
    await mkdir(collateral, { recursive: true })
    const [, ...published] = await quote(new Uint8Array(64))
    for (const { name, bytes } of published) await writeFile(join(collateral, name), bytes)
    const kernel = new FakeTsm({
      provider: 'tdx_guest',
      has: (attribute) => !['auxblob', 'privlevel', 'privlevel_floor'].includes(attribute),
      report: async (inblob) => (await quote(inblob))[0]?.bytes ?? new Uint8Array(),
    })
    const random = (size: number): Uint8Array => newChip().subarray(0, size)
    const provider = await configfsTsm({}, { files: kernel, random, sleep: async () => undefined })
    return { provider, collateral }
  }

  test('is enrolled live, with what its agent finds in the folder of collateral', async () => {
    const { provider, collateral } = await tdxGuest()
    await writeFile(join(collateral, '.half-written'), 'of no account')
    const whole = withCollateral(provider, collateral)
    expect(await enrollOn(whole, POLICIES.tdx)).toBe(admissionPolicyId(POLICIES.tdx))
  })

  test('is not, without: a quote alone proves nothing', async () => {
    const { provider } = await tdxGuest()
    await expect(enrollOn(provider, POLICIES.tdx)).rejects.toMatchObject({ code: 'COLLATERAL_MISSING' })
  })

  test('says so when the folder is not there, or holds more than can travel', async () => {
    const { provider, collateral } = await tdxGuest()
    const data = new Uint8Array(64)
    const failed = { code: 'PROVIDER_FAILED' }
    await expect(withCollateral(provider, join(folder, 'nowhere')).attest(data)).rejects.toMatchObject(failed)
    for (let i = (await readdir(collateral)).length; i < 16; i++)
      await writeFile(join(collateral, `${i}`), '')
    await expect(withCollateral(provider, collateral).attest(data)).rejects.toMatchObject(failed)
  })
})
