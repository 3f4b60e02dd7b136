import {
  type Address,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  hexToBytes,
  keccak256,
  numberToHex,
} from 'viem'
import { storyPolicy } from '../../../fixtures/story/story.js'
import { NOON } from '../../../test/support/proven.js'
import { credentialRegistryAbi } from '../../src/index.js'
import { type Client, mined } from './chain.js'
import { admissionOf, signAdmission } from './nodes.js'
import { type Scene, type Vouched, verifyData } from './scene.js'

/** What calls cost: with all that a transaction costs, or without what it costs by itself. */
export interface GasReport {
  readonly 'verifyResponse.transaction': number
  readonly 'verifyResponse.execution': number
  readonly 'admit.transaction': number
  readonly 'admitBatch8.perCredential': number
}

/** Where admissions are measured: a registry that has filled up for years. */
const INDEX = 1_000_000
const SIZE_SLOT = 7n
const FRONTIER_SLOT = 10n

export async function measure(scene: Scene, vouched: Vouched): Promise<GasReport> {
  const data = verifyData(vouched)
  const verified = await gasOf(scene.client, scene.gateway, data)
  return {
    'verifyResponse.transaction': verified,
    'verifyResponse.execution': verified - intrinsicGas(data),
    'admit.transaction': await admitting(scene, 1),
    'admitBatch8.perCredential': Math.ceil((await admitting(scene, 8)) / 8),
  }
}

async function gasOf(client: Client, to: Address, data: Hex): Promise<number> {
  const receipt = await mined(client, await client.sendTransaction({ to, data, gas: 15_000_000n }))
  return Number(receipt.gasUsed)
}

/** What a transaction costs before anything is executed. */
function intrinsicGas(data: Hex): number {
  const bytes = hexToBytes(data)
  return bytes.reduce((sum, byte) => sum + (byte === 0 ? 4 : 16), 21_000)
}

/** Gas of a transaction that admits so many, with two signatures each. */
async function admitting(scene: Scene, count: number): Promise<number> {
  const { client, registry } = scene
  await fillUp(client, registry)
  const members = Array.from(
    { length: count },
    (_, i) => [BigInt(`0x${'5a'.repeat(31)}`) + BigInt(i), storyPolicy, BigInt(NOON + 48 * 3600)] as const,
  )
  const admissions = await Promise.all(members.map((member) => admissionOf(client, registry, member)))
  const signatures = await Promise.all(
    admissions.map((admission) => signAdmission(client, registry, admission)),
  )
  const [first] = admissions
  const [signed] = signatures
  if (first === undefined || signed === undefined) throw new Error('nothing to admit')
  const abi = credentialRegistryAbi
  const one = encodeFunctionData({ abi, functionName: 'admit', args: [first, signed] })
  const all = encodeFunctionData({ abi, functionName: 'admitBatch', args: [admissions, signatures] })
  const id = await client.snapshot()
  const gas = await gasOf(client, registry, count === 1 ? one : all)
  await client.revert({ id })
  return gas
}

/** As if INDEX leaves had come: the size, and any nodes for a frontier. */
async function fillUp(client: Client, registry: Address): Promise<void> {
  const set = (slot: Hex, value: bigint) =>
    client.setStorageAt({ address: registry, index: slot, value: numberToHex(value, { size: 32 }) })
  await set(numberToHex(SIZE_SLOT, { size: 32 }), (1n << 32n) | BigInt(INDEX))
  for (let height = 0n; height < 20n; height++) {
    const slot = keccak256(
      encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [height, FRONTIER_SLOT]),
    )
    await set(slot, height + 1n)
  }
}
