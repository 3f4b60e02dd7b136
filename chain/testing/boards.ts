import { keyHash } from '@vouch/circuits'
import { vouchedBoardAbi } from '@vouch/contracts'
import { readCreationCode } from '@vouch/contracts/node'
import { type AcceptancePolicy, toHex } from '@vouch/protocol'
import { UNSIGNED } from '@vouch/registry'
import type { Address } from 'viem'
import { create } from '../node/client/send.js'
import { registryIdOf } from '../node/sync/sync.js'
import { contractPolicyOf } from '../src/consumer.js'
import { policyId, type TestChain } from './chains.js'

/** Whom a contract of a test believes: the test chain's registry, and these services. */
export const boardAcceptance = (
  { chain, deployed }: TestChain,
  sha256: readonly Uint8Array[],
): AcceptancePolicy => ({
  version: 1,
  registry: { id: registryIdOf(chain, deployed.registry), signer: UNSIGNED.signer },
  clockSkew: 60,
  headAge: 3600,
  requestAge: 600,
  freshness: { kind: 'max_age', seconds: 600 },
  simulated: true,
  policies: [policyId],
  services: { sha256 },
})

/** A contract that asks, and believes by such a policy. */
export async function deployBoard(
  { chain, payer, deployed }: TestChain,
  acceptance: AcceptancePolicy,
): Promise<Address> {
  const args = [deployed.gateway, `0x${toHex(keyHash('respond'))}`, contractPolicyOf(acceptance)]
  const bytecode = await readCreationCode('VouchedBoard')
  return create(chain, payer, { abi: vouchedBoardAbi, bytecode, args }, 'deploying a board')
}
