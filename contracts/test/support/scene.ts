import {
  acceptanceOf,
  type ContractPolicy,
  contractPolicyOf,
  type Question,
  requestOf,
  revertIn,
} from '@vouch/chain'
import { type Backend, type CircuitName, keyHash } from '@vouch/circuits'
import {
  type AcceptancePolicy,
  buildServiceTree,
  credential,
  evmRegistryId,
  p2,
  type Request,
  registryLeaf,
} from '@vouch/protocol'
import { proveResponse } from '@vouch/prover'
import { type Address, bytesToHex, encodeFunctionData, type Hex, hexToBytes } from 'viem'
import { type Machine, makeStory, type ServiceName, storyPolicy } from '../../../fixtures/story/story.js'
import { NOON, respondTo } from '../../../test/support/proven.js'
import { buildGenerated } from '../../build/generated.js'
import { vouchVerifierAbi } from '../../src/index.js'
import { type Chain, type Client, deploy, mined, startChain } from './chain.js'
import { admitAll, deployRegistry } from './nodes.js'

export const RESPOND: Hex = bytesToHex(keyHash('respond'))

/** A chain on which the story's two machines are admitted, among others, and an account that is a consumer. */
export interface Scene {
  readonly chain: Chain
  readonly client: Client
  readonly registry: Address
  readonly gateway: Address
  readonly verifier: Address
  readonly consumer: Address
  readonly policy: ContractPolicy
  readonly members: readonly (readonly [credential: bigint, policyId: bigint, expiresAt: bigint])[]
  /** As of the root that is asked at. */
  readonly leaves: readonly bigint[]
  readonly machines: readonly [Machine, Machine]
  readonly backend: Backend<CircuitName>
}

/** A response, as it is sent to a gateway. */
export interface Vouched {
  readonly question: Question
  readonly envelope: Hex
  readonly nullifier: bigint
  readonly proof: Hex
}

export async function openScene(
  backend: Backend<CircuitName>,
  hardfork: 'prague' | 'osaka' = 'prague',
): Promise<Scene> {
  await buildGenerated()
  const chain = await startChain({ time: NOON - 60, hardfork })
  return setUp(chain, backend).catch(async (error) => {
    await chain.stop()
    throw error
  })
}

async function setUp(chain: Chain, backend: Backend<CircuitName>): Promise<Scene> {
  const { client } = chain
  const verifier = await deploy(client, 'HonkVerifier')
  const registry = await deployRegistry(client, [storyPolicy])
  const gateway = await deploy(client, 'VouchVerifier', [registry, RESPOND, verifier])
  const { machines, acceptance } = makeStory(NOON)
  const members = membersOf(machines)
  await admitAll(client, registry, members)
  const policy = contractPolicyOf(acceptance)
  await register(client, gateway, policy)
  const leaves = members.map(([c, id, expiresAt]) => registryLeaf(c, id, Number(expiresAt)))
  const consumer = client.account.address
  return { chain, client, registry, gateway, verifier, consumer, policy, members, leaves, machines, backend }
}

/** Six strangers and the two machines, the first of which is at index 3. */
function membersOf(machines: readonly [Machine, Machine]): Scene['members'] {
  const [north, south] = machines
  const { policyId, expiresAt } = north.holding
  const strangers = Array.from({ length: 6 }, (_, i) => p2(BigInt(i), 0n))
  const all = [...strangers.slice(0, 3), credentialOf(north), ...strangers.slice(3), credentialOf(south)]
  return all.map((c) => [c, policyId, BigInt(expiresAt)] as const)
}

export function credentialOf({ holding }: Machine): bigint {
  return credential(buildServiceTree(holding.services).root, holding.holderSecret)
}

export async function register(client: Client, gateway: Address, policy: ContractPolicy): Promise<void> {
  const args = [RESPOND, policy] as const
  await mined(
    client,
    await client.writeContract({ address: gateway, abi: vouchVerifierAbi, functionName: 'register', args }),
  )
}

export const acceptanceIn = ({ client, registry, policy }: Scene): AcceptancePolicy =>
  acceptanceOf(policy, evmRegistryId(BigInt(client.chain.id), hexToBytes(registry)))

/** What is asked unless a test says otherwise: by challenge, at noon, at the newest root. */
export async function questionIn(scene: Scene, changes: Partial<Question> = {}): Promise<Question> {
  return {
    challenge: `0x${'c1'.repeat(32)}`,
    hasContext: false,
    context: `0x${'00'.repeat(32)}`,
    profile: 1,
    maxAge: 0,
    time: BigInt(NOON),
    root: await rootOf(scene),
    askHash: `0x${'00'.repeat(32)}`,
    ...changes,
  }
}

export function rootOf({ client, registry }: Pick<Scene, 'client' | 'registry'>): Promise<bigint> {
  const abi = [
    { type: 'function', name: 'root', inputs: [], outputs: [{ type: 'uint256' }], stateMutability: 'view' },
  ] as const
  return client.readContract({ address: registry, abi, functionName: 'root' })
}

/** The Request that a question makes: from what the gateway tells of the consumer, as a prover would. */
export async function requestIn(
  scene: Scene,
  question: Question,
  consumer = scene.consumer,
): Promise<Request> {
  const { client, gateway, registry } = scene
  const [, , policy] = await client.readContract({
    address: gateway,
    abi: vouchVerifierAbi,
    functionName: 'consumer',
    args: [consumer],
  })
  return requestOf({ chainId: client.chain.id, registry, consumer, policy: hexToBytes(policy) }, question)
}

interface Told {
  readonly time?: number
  readonly payload?: string
  readonly service?: ServiceName
  readonly consumer?: Address
  /** Answers another Request than it proves for. */
  readonly answering?: Partial<Request>
}

/** Proves a response of the first machine's. */
export async function vouch(scene: Scene, question: Question, told: Told = {}): Promise<Vouched> {
  const request = await requestIn(scene, question, told.consumer)
  const [north] = scene.machines
  const service = told.service ?? (request.profile === 'eip191' ? 'mailer' : 'echo')
  const { answering, service: _, consumer: __, ...content } = told
  const response = respondTo({ ...request, ...answering }, north, service, content)
  const { holding } = north
  const { leaves, backend } = scene
  const bundle = await proveResponse({ request, response, holding, leaves, backend })
  return {
    question,
    envelope: bytesToHex(bundle.envelope),
    nullifier: bundle.nullifier,
    proof: bytesToHex(bundle.proof),
  }
}

/** Calls the gateway, which costs nothing. */
export function verifyOnChain(
  scene: Scene,
  { question, envelope, nullifier, proof }: Vouched,
  from = scene.consumer,
  gas?: bigint,
) {
  return scene.client.readContract({
    address: scene.gateway,
    abi: vouchVerifierAbi,
    functionName: 'verifyResponse',
    args: [question, envelope, nullifier, proof],
    account: from,
    ...(gas === undefined ? {} : { gas }),
  })
}

export const verifyData = ({ question, envelope, nullifier, proof }: Vouched): Hex =>
  encodeFunctionData({
    abi: vouchVerifierAbi,
    functionName: 'verifyResponse',
    args: [question, envelope, nullifier, proof],
  })

/** Name of the error that a call reverts with; what else went wrong is thrown. */
export async function revertOf(call: Promise<unknown>): Promise<string> {
  const outcome = await call.then(
    () => 'nothing',
    (error: unknown) => revertIn(error)?.name ?? Promise.reject(error),
  )
  return outcome
}
