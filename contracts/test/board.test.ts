import type { Backend, CircuitName } from '@vouch/circuits'
import { openBackend } from '@vouch/circuits/node'
import { type Address, encodeFunctionData, type Hex } from 'viem'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOON } from '../../test/support/proven.js'
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

/** A response for a beneficiary, by the challenge that the board computes. */
async function vouchedFor(beneficiary: Address, told: Parameters<typeof vouch>[2] = {}): Promise<Vouched> {
  const challenge = await scene.client.readContract({
    ...at(),
    functionName: 'challengeFor',
    args: [beneficiary],
  })
  return vouch(scene, await questionIn(scene, { challenge, maxAge: 600 }), { ...told, consumer: board })
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

it('integrator responsibilities, 4. who sends: the gateway and the board ask nobody', async () => {
  const fifth = await vouchedFor(ALICE, { payload: 'a fifth' })
  const call = { ...at(), functionName: 'post', args: argumentsOf(ALICE, fifth) } as const
  for (const account of [ALICE, MALLORY]) await scene.client.simulateContract({ ...call, account })
})
