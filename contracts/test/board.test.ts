import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Backend, CircuitName } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import { type Abi, type Address, encodeFunctionData, getAddress, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOON } from '../../test/support/proven.js'
import { CONTRACTS } from '../build/forge.js'
import { forgeOutput } from '../build/generated.js'
import { vouchedBoardAbi } from '../src/index.js'
import { deploy, mined } from './support/chain.js'
import { openScene, questionIn, RESPOND, revertOf, type Scene, type Vouched, vouch } from './support/scene.js'

const ALICE: Address = '0x00000000000000000000000000000000000a11ce'
const MALLORY: Address = '0x0000000000000000000000000000000000000bad'
const PAYLOAD: Hex = '0x68656c6c6f'

let backend: Backend<CircuitName>
let scene: Scene
let board: Address
let honest: Vouched

beforeAll(async () => {
  backend = openBackend({ kind: 'native' })
  scene = await openScene(backend)
  board = await deploy(scene.client, 'VouchedBoard', [
    scene.gateway,
    RESPOND,
    { ...scene.policy, responseAge: 600 },
  ])
  honest = await vouchedFor(ALICE)
}, 600_000)

afterAll(async () => {
  await scene?.chain.stop()
  await backend?.destroy()
})

const at = () => ({ address: board, abi: vouchedBoardAbi }) as const

/** A response for a beneficiary, by what is read from a contract: challenge, profile and maximum age. */
async function vouchedFor(
  beneficiary: Address,
  told: Parameters<typeof vouch>[2] = {},
  consumer = board,
): Promise<Vouched> {
  const read = { address: consumer, abi: vouchedBoardAbi } as const
  const challenge = await scene.client.readContract({
    ...read,
    functionName: 'challengeFor',
    args: [beneficiary],
  })
  const profile = await scene.client.readContract({ ...read, functionName: 'PROFILE' })
  const maxAge = await scene.client.readContract({ ...read, functionName: 'MAX_AGE' })
  return vouch(scene, await questionIn(scene, { challenge, profile, maxAge }), { ...told, consumer })
}

const argumentsOf = (beneficiary: Address, { question, envelope, nullifier, proof }: Vouched) =>
  [beneficiary, question.time, question.root, envelope, nullifier, proof] as const

const post = async (beneficiary: Address, vouched: Vouched) => {
  const call = {
    ...at(),
    functionName: 'post',
    args: argumentsOf(beneficiary, vouched),
    gas: 10_000_000n,
  } as const
  return scene.client
    .simulateContract({ ...call, account: scene.client.account })
    .then(async ({ request }) => mined(scene.client, await scene.client.writeContract(request)))
}

describe('a contract that takes vouched responses', () => {
  it('takes one from a relayer, for the beneficiary, once', async () => {
    const relayer = privateKeyToAccount(generatePrivateKey())
    await scene.client.setBalance({ address: relayer.address, value: 10n ** 18n })
    const args = argumentsOf(ALICE, honest)
    const sent = await scene.client.sendTransaction({
      account: relayer,
      to: board,
      data: encodeFunctionData({ abi: vouchedBoardAbi, functionName: 'post', args }),
    })
    await mined(scene.client, sent)
    const posted = await scene.client.getContractEvents({ ...at(), eventName: 'Posted', fromBlock: 0n })
    expect(posted.map((log) => log.args)).toMatchObject([{ payload: PAYLOAD }])
    expect(await revertOf(post(ALICE, honest))).toBe('AlreadyPosted')
  })

  it('takes it no second time under another proof of the same response', async () => {
    const again = await vouchedFor(ALICE)
    expect(again.envelope).toBe(honest.envelope)
    expect(again.proof).not.toBe(honest.proof)
    expect(await revertOf(post(ALICE, again))).toBe('AlreadyPosted')
  })

  it('gives nobody else the benefit of it', async () => {
    const other = await vouchedFor(ALICE, { payload: 'another' })
    expect(await revertOf(post(MALLORY, other))).toBe('ProofFalse')
    expect(await revertOf(post('0x0000000000000000000000000000000000000000', other))).toBe('BeneficiaryZero')
    await post(ALICE, other)
  })

  it('takes no response of another board', async () => {
    const policy = { ...scene.policy, responseAge: 600 }
    const elsewhere = await deploy(scene.client, 'VouchedBoard', [scene.gateway, RESPOND, policy])
    const third = await vouchedFor(ALICE, { payload: 'a third' })
    const args = argumentsOf(ALICE, third)
    const call = { address: elsewhere, abi: vouchedBoardAbi, functionName: 'post', args } as const
    expect(await revertOf(scene.client.simulateContract({ ...call, account: scene.client.account }))).toBe(
      'ProofFalse',
    )
  })

  it('takes none that is old', async () => {
    const old = await vouchedFor(ALICE, { payload: 'old', time: NOON - 900 })
    expect(await revertOf(post(ALICE, old))).toBe('ResponseTooOld')
  })

  it('remembers nothing of what it refused', async () => {
    const fourth = await vouchedFor(ALICE, { payload: 'a fourth' })
    expect(await revertOf(post(ALICE, { ...fourth, nullifier: 1n }))).toBe('ProofFalse')
    await post(ALICE, fourth)
  })
})

describe('the contract of docs/contracts.md', () => {
  it('is the one that compiles here, letter by letter', async () => {
    const page = await readFile(join(CONTRACTS, '..', 'docs', 'contracts.md'), 'utf8')
    const source = await readFile(join(CONTRACTS, 'test', 'harness', 'MyContract.sol'), 'utf8')
    const shown = [...page.matchAll(/^```solidity\n([\s\S]*?)^```$/gm)].map(([, code]) => code)
    expect(shown).toEqual([source.slice(source.indexOf('contract MyContract'))])
  })

  it('is answered by provers that know its address alone, and takes the answer once', async () => {
    const policy = { ...scene.policy, responseAge: 600 }
    const address = await deploy(scene.client, 'MyContract', [scene.gateway, RESPOND, policy])
    const read = { address, abi: vouchedBoardAbi, functionName: 'gateway' } as const
    expect(await scene.client.readContract(read)).toBe(getAddress(scene.gateway))
    const sixth = await vouchedFor(ALICE, { payload: 'a sixth' }, address)
    const abi = (await forgeOutput('MyContract')).abi as Abi
    const call = { address, abi, functionName: 'claim', args: argumentsOf(ALICE, sixth) } as const
    await mined(scene.client, await scene.client.writeContract(call))
    await expect(scene.client.simulateContract(call)).rejects.toThrow('AlreadyTaken')
  })
})

it('integrator responsibilities, 4. who sends: the gateway and the board ask nobody', async () => {
  const fifth = await vouchedFor(ALICE, { payload: 'a fifth' })
  const call = { ...at(), functionName: 'post', args: argumentsOf(ALICE, fifth) } as const
  for (const account of [ALICE, MALLORY]) await scene.client.simulateContract({ ...call, account })
})
