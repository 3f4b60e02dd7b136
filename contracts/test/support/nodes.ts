import {
  CHANGE_KINDS,
  type CompactSignature,
  gatewayDomain,
  inOrder,
  messageTypes,
  ROUTE_ACTIONS,
  registryDomain,
} from '@vouch/chain'
import { type Address, type Hex, keccak256, toHex } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { credentialRegistryAbi, vouchVerifierAbi } from '../../src/index.js'
import { type Client, deploy, mined } from './chain.js'

export const ZERO: Hex = `0x${'00'.repeat(32)}`

/** Three nodes, of which two suffice. */
export const nodes: readonly PrivateKeyAccount[] = [1, 2, 3].map((n) =>
  privateKeyToAccount(keccak256(toHex(`node ${n}`))),
)

/** Deploys a registry of these nodes. */
export function deployRegistry(client: Client, policies: readonly bigint[]): Promise<Address> {
  const genesis = {
    members: nodes.map(({ address }) => address),
    policies,
    anchors: [],
    floor: 2,
    strikeLimit: 3,
    delay: 0,
    nonceBlocks: 256,
  }
  return deploy(client, 'CredentialRegistry', [genesis])
}

export interface Admission {
  readonly credential: bigint
  readonly policyId: bigint
  readonly expiresAt: bigint
  readonly evidenceHash: Hex
  readonly blockNumber: bigint
  readonly deadline: bigint
  readonly setVersion: number
}

/** An admission as of the newest block. */
export async function admissionOf(
  client: Client,
  registry: Address,
  [credential, policyId, expiresAt]: readonly [bigint, bigint, bigint],
): Promise<Admission> {
  const { number, timestamp } = await client.getBlock()
  return {
    credential,
    policyId,
    expiresAt,
    evidenceHash: keccak256(toHex(`salted ${credential}`)),
    blockNumber: number - 1n,
    deadline: timestamp + 600n,
    setVersion: await client.readContract({
      address: registry,
      abi: credentialRegistryAbi,
      functionName: 'setVersion',
    }),
  }
}

/** What the first `count` nodes sign, in the contracts' order. */
async function signAll(
  count: number,
  sign: (node: PrivateKeyAccount) => Promise<Hex>,
): Promise<readonly CompactSignature[]> {
  const signed = nodes
    .slice(0, count)
    .map(async (node) => ({ signer: node.address, signature: await sign(node) }))
  return inOrder(await Promise.all(signed))
}

const domainOf = (client: Client, registry: Address) =>
  registryDomain({ chainId: client.chain.id, contract: registry })

export function signAdmission(client: Client, registry: Address, message: Admission, count = 2) {
  const domain = domainOf(client, registry)
  return signAll(count, (node) =>
    node.signTypedData({ domain, types: messageTypes, primaryType: 'Admission', message }),
  )
}

/** Admits by a transaction each batch of eight. Gives the hashes of the transactions. */
export async function admitAll(
  client: Client,
  registry: Address,
  members: readonly (readonly [bigint, bigint, bigint])[],
): Promise<void> {
  const admissions = await Promise.all(members.map((member) => admissionOf(client, registry, member)))
  const signatures = await Promise.all(
    admissions.map((admission) => signAdmission(client, registry, admission)),
  )
  const args = [admissions, signatures] as const
  const call = { address: registry, abi: credentialRegistryAbi, functionName: 'admitBatch', args } as const
  await mined(client, await client.writeContract(call))
}

/** Decides a change of the registry's, and carries it out. */
export async function change(
  client: Client,
  registry: Address,
  kind: (typeof CHANGE_KINDS)[number],
  subject: Hex = ZERO,
): Promise<void> {
  const at = { address: registry, abi: credentialRegistryAbi } as const
  const message = {
    kind: CHANGE_KINDS.indexOf(kind),
    subject,
    sequence: await client.readContract({ ...at, functionName: 'sequence' }),
    deadline: (await client.getBlock()).timestamp + 600n,
    setVersion: await client.readContract({ ...at, functionName: 'setVersion' }),
  }
  const domain = domainOf(client, registry)
  const signatures = await signAll(2, (node) =>
    node.signTypedData({ domain, types: messageTypes, primaryType: 'Change', message }),
  )
  await mined(
    client,
    await client.writeContract({ ...at, functionName: 'schedule', args: [message, signatures] }),
  )
  if (kind === 'Pause' || kind === 'Cancel') return
  const id = await client.readContract({ ...at, functionName: 'changes' })
  await mined(client, await client.writeContract({ ...at, functionName: 'execute', args: [id] }))
}

/** Removes a leaf, whose place in the tree is given. */
export async function removeLeaf(
  client: Client,
  registry: Address,
  credential: bigint,
  place: { readonly policyId: bigint; readonly expiresAt: bigint; readonly siblings: readonly bigint[] },
): Promise<void> {
  const at = { address: registry, abi: credentialRegistryAbi } as const
  const message = {
    credential,
    forCause: true,
    reason: ZERO,
    deadline: (await client.getBlock()).timestamp + 600n,
    setVersion: await client.readContract({ ...at, functionName: 'setVersion' }),
  }
  const domain = domainOf(client, registry)
  const signatures = await signAll(2, (node) =>
    node.signTypedData({ domain, types: messageTypes, primaryType: 'Removal', message }),
  )
  const args = [message, { ...place, siblings: place.siblings as never }, signatures] as const
  await mined(client, await client.writeContract({ ...at, functionName: 'remove', args }))
}

export interface RouteChange {
  readonly action: number
  readonly circuit: Hex
  readonly verifier: Address
  readonly sequence: bigint
  readonly deadline: bigint
  readonly setVersion: number
}

/** A change of a gateway's route, with the signatures for it. */
export async function routeChange(
  client: Client,
  registry: Address,
  gateway: Address,
  [action, circuit, verifier]: readonly [(typeof ROUTE_ACTIONS)[number], Hex, Address],
  count = 2,
): Promise<readonly [RouteChange, readonly CompactSignature[]]> {
  const message = {
    action: ROUTE_ACTIONS.indexOf(action),
    circuit,
    verifier,
    sequence: await client.readContract({
      address: gateway,
      abi: vouchVerifierAbi,
      functionName: 'sequence',
    }),
    deadline: (await client.getBlock()).timestamp + 600n,
    setVersion: await client.readContract({
      address: registry,
      abi: credentialRegistryAbi,
      functionName: 'setVersion',
    }),
  }
  const domain = gatewayDomain({ chainId: client.chain.id, contract: gateway })
  const signatures = await signAll(count, (node) =>
    node.signTypedData({ domain, types: messageTypes, primaryType: 'RouteChange', message }),
  )
  return [message, signatures]
}
